package core

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// snapshot is everything that the user sees.
func (u *user) snapshot() []*pb.WatchEvent {
	events := []*pb.WatchEvent{selfEvent(u.self)}
	for _, target := range u.targets() {
		events = append(events, rowEvent(u.rows[target].wire()), statusEvent(u.app.statusOf(target)))
	}
	for _, friend := range u.visibleFriends() {
		if u.rows[friend] == nil {
			events = append(events, statusEvent(u.app.statusOf(friend)))
		}
	}
	return events
}

// missed is everything of it that changed after a commit, and the rows that ended.
func (u *user) missed(since int64) []*pb.WatchEvent {
	var events []*pb.WatchEvent
	if u.selfCommit > since {
		events = append(events, selfEvent(u.self))
	}
	type end struct {
		target   string
		implicit bool
	}
	told := map[end]struct{}{}
	for i := len(u.endedRows) - 1; i >= 0 && u.endedRows[i].commit > since; i-- {
		ended := u.endedRows[i]
		key := end{ended.target, ended.generation == 0}
		if _, newer := told[key]; newer || u.rows[ended.target] != nil {
			continue
		}
		told[key] = struct{}{}
		events = append(events, endedEvent(&pb.SubscriptionEnded{
			UserId: ended.target, Generation: ended.generation, Reason: ended.reason, StillVisible: u.hasVisibleFriend(ended.target),
		}))
	}
	for _, target := range u.targets() {
		r := u.rows[target]
		if r.commit > since {
			events = append(events, rowEvent(r.wire()))
		}
		if r.commit > since || u.app.statusCommit(target) > since {
			events = append(events, statusEvent(u.app.statusOf(target)))
		}
	}
	for _, friend := range u.visibleFriends() {
		if u.rows[friend] == nil && u.app.statusCommit(friend) > since {
			events = append(events, statusEvent(u.app.statusOf(friend)))
		}
	}
	return events
}

func (a *App) statusCommit(id string) int64 {
	if u := a.users[id]; u != nil {
		return u.statusCommit
	}
	return 0
}

// endWatch ends the session's Watch, if there is one. What waits on it is dropped.
func (s *session) endWatch(reason pb.WatchEndReason, mayResume bool) {
	s.endWatchWith(&pb.WatchEnd{Reason: reason, MayResume: mayResume})
}

func (s *session) endWatchWith(end *pb.WatchEnd) {
	if w := s.watch; w != nil {
		s.watch, w.end, w.outbox = nil, end, outbox{}
		s.armToken()
		w.ring()
	}
}

// endWatches ends every Watch of the app; the links are not lost by it.
func (a *App) endWatches(end *pb.WatchEnd) {
	for _, u := range a.users {
		for _, s := range u.sessions {
			s.endWatchWith(end)
		}
	}
}

// Draining is the refusal of a server that shuts down.
func Draining() *Refusal {
	refusal := Refuse(pb.ErrorReason_ERROR_REASON_DRAINING)
	refusal.RetryMillis = 1000
	return refusal
}

func (a *App) drain() {
	a.enter()
	defer a.leave()
	a.draining = true
	a.endWatches(&pb.WatchEnd{
		Reason: pb.WatchEndReason_WATCH_END_REASON_DRAIN, MayResume: true,
		MinDelay: durationpb.New(500 * time.Millisecond), MaxDelay: durationpb.New(5 * time.Second),
	})
}
