package core

import pb "userstatus.dev/examples/server-go/gen/userstatus/v1"

// outbox is what waits for one Watch: the last of each target, however slowly the watcher reads. Rows may come and go meanwhile, so the
// number of targets has a bound of its own.
type outbox struct {
	self    *pb.SelfStatus
	order   []string // targets with news, in the order of their first
	news    map[string]*news
	markers []string
}

// news is what waits of one target. On the stream the ends come first, then the row, then the status: a status that came before an end
// is dropped by it.
type news struct {
	ended      []*pb.SubscriptionEnded // at most one of a row and one of a friend
	subscribed *pb.Subscription
	status     *pb.UserStatus
}

func (o *outbox) of(target string) *news {
	if o.news == nil {
		o.news = map[string]*news{}
	}
	n := o.news[target]
	if n == nil {
		n = &news{}
		o.news[target] = n
		o.order = append(o.order, target)
	}
	return n
}

func (n *news) end(ended *pb.SubscriptionEnded) {
	implicit := ended.Generation == 0
	kept := n.ended[:0]
	for _, other := range n.ended {
		if (other.Generation == 0) != implicit {
			kept = append(kept, other)
		}
	}
	n.ended = append(kept, ended)
	if !implicit {
		n.subscribed = nil
	}
	if !ended.StillVisible {
		n.status = nil
	}
}

// drain takes everything, markers last.
func (o *outbox) drain() []*pb.WatchEvent {
	var events []*pb.WatchEvent
	if o.self != nil {
		events = append(events, selfEvent(o.self))
	}
	for _, target := range o.order {
		n := o.news[target]
		for _, ended := range n.ended {
			events = append(events, endedEvent(ended))
		}
		if n.subscribed != nil {
			events = append(events, rowEvent(n.subscribed))
		}
		if n.status != nil {
			events = append(events, statusEvent(n.status))
		}
	}
	for _, marker := range o.markers {
		events = append(events, &pb.WatchEvent{Event: &pb.WatchEvent_Synced{Synced: &pb.Synced{Marker: marker}}})
	}
	*o = outbox{}
	return events
}

func selfEvent(self *pb.SelfStatus) *pb.WatchEvent {
	return &pb.WatchEvent{Event: &pb.WatchEvent_Self{Self: self}}
}

func statusEvent(status *pb.UserStatus) *pb.WatchEvent {
	return &pb.WatchEvent{Event: &pb.WatchEvent_Status{Status: status}}
}

func rowEvent(row *pb.Subscription) *pb.WatchEvent {
	return &pb.WatchEvent{Event: &pb.WatchEvent_Subscribed{Subscribed: row}}
}

func endedEvent(ended *pb.SubscriptionEnded) *pb.WatchEvent {
	return &pb.WatchEvent{Event: &pb.WatchEvent_SubscriptionEnded{SubscriptionEnded: ended}}
}
