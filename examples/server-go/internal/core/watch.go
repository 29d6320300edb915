package core

import (
	"google.golang.org/protobuf/types/known/durationpb"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/profile"
)

// mostWaiting is how many targets may have news for one Watch; a reader who is further behind begins anew.
const mostWaiting = 20_000

// mostMarkers is how many markers may wait on one Watch.
const mostMarkers = 64

// Watch is the stream of one session. Everything in it is under the lock of the app.
type Watch struct {
	session  *session
	wake     chan struct{}
	first    []*pb.WatchEvent // hello, and what comes up to snapshot_end
	outbox   outbox
	inFlight int // markers that were taken and may not be sent yet
	end      *pb.WatchEnd
}

// OpenWatch opens the stream of a session.
func (a *App) OpenWatch(c Caller, req *pb.WatchRequest) (*Watch, error) {
	now := a.enter()
	defer a.leave()
	if a.draining {
		return nil, Draining()
	}
	from, ok := readCursor(req.Cursor)
	if len(req.Cursor) > 0 && !ok {
		return nil, Refuse(pb.ErrorReason_ERROR_REASON_MALFORMED_CURSOR)
	}
	s, err := a.find(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	u := s.user
	if err := u.admit("Watch", false, now); err != nil {
		return nil, err
	}
	if err := s.comeBack(now); err != nil {
		return nil, err
	}
	s.endWatch(pb.WatchEndReason_WATCH_END_REASON_REPLACED, false)
	w := &Watch{session: s, wake: make(chan struct{}, 1)}
	result, events := pb.ResumeResult_RESUME_RESULT_RESET, []*pb.WatchEvent(nil)
	if ok && u.covers(from) {
		result, events = pb.ResumeResult_RESUME_RESULT_RESUMED, u.missed(from.commit)
	} else {
		events = u.snapshot()
	}
	w.first = append(w.first, &pb.WatchEvent{Event: &pb.WatchEvent_Hello{Hello: &pb.Hello{
		Epoch: a.epoch, ResumeResult: result, ServerTime: stamp(now), KeepAliveInterval: durationpb.New(a.config.KeepAlive),
	}}})
	w.first = append(w.first, events...)
	w.first = append(w.first, &pb.WatchEvent{Event: &pb.WatchEvent_SnapshotEnd{
		SnapshotEnd: &pb.SnapshotEnd{Cursor: u.cursor(a.commit).bytes()},
	}})
	s.watch = w
	s.noteToken(c.TokenEnds)
	w.ring()
	return w, nil
}

// Wake is told when there is something to take.
func (w *Watch) Wake() <-chan struct{} { return w.wake }

// Take gives what is to be sent now, and whether that is the end. With alive, a progress comes where nothing else does.
func (w *Watch) Take(alive bool) (events []*pb.WatchEvent, done bool) {
	s := w.session
	a := s.user.app
	now := a.enter()
	defer a.leave()
	w.inFlight = 0
	if w.end != nil {
		if len(w.first) > 0 {
			events = w.first[:1] // the hello
		}
		return append(events, &pb.WatchEvent{Event: &pb.WatchEvent_WatchEnd{WatchEnd: w.end}}), true
	}
	w.inFlight = len(w.outbox.markers)
	events = append(w.first, w.outbox.drain()...)
	w.first = nil
	if alive && len(events) == 0 {
		events = append(events, &pb.WatchEvent{Event: &pb.WatchEvent_Progress{Progress: &pb.Progress{
			Cursor: s.user.cursor(a.commit).bytes(), ServerTime: stamp(now),
			HeartbeatRequested: now-s.signAt >= profile.Millis(s.rule().HeartbeatInterval),
		}}})
	}
	return events, false
}

// Closed is the end of the stream, by whomever. If the server did not end it, the link is lost.
func (w *Watch) Closed() {
	s := w.session
	now := s.user.app.enter()
	defer s.user.app.leave()
	if s.watch == w {
		s.watch = nil
		s.armToken()
		s.loseLink(now)
	}
}

// Sync puts a marker behind everything that happened so far.
func (a *App) Sync(c Caller, req *pb.SyncRequest) (*pb.SyncResponse, error) {
	now := a.enter()
	defer a.leave()
	if !validMarker(req.Marker) {
		return nil, invalidField("marker")
	}
	s, err := a.active(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	w := s.watch
	if w == nil {
		return nil, Refuse(pb.ErrorReason_ERROR_REASON_NO_OPEN_WATCH)
	}
	if len(w.outbox.markers)+w.inFlight >= mostMarkers {
		refusal := Refuse(pb.ErrorReason_ERROR_REASON_TOO_MANY_MARKERS)
		refusal.RetryMillis = 1000
		return nil, refusal
	}
	if err := s.user.admit("Sync", false, now); err != nil {
		return nil, err
	}
	w.outbox.markers = append(w.outbox.markers, req.Marker)
	w.ring()
	return &pb.SyncResponse{}, nil
}

func validMarker(marker string) bool {
	if len(marker) < 1 || len(marker) > 64 {
		return false
	}
	for i := range len(marker) {
		if marker[i] < 0x20 || marker[i] > 0x7E {
			return false
		}
	}
	return true
}

func (w *Watch) ring() {
	if len(w.outbox.order) > mostWaiting {
		w.session.endWatch(pb.WatchEndReason_WATCH_END_REASON_RESYNC, true)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *Watch) tellSelf(self *pb.SelfStatus) {
	w.outbox.self = self
	w.ring()
}

func (w *Watch) tellStatus(status *pb.UserStatus) {
	w.outbox.of(status.UserId).status = status
	w.ring()
}

func (w *Watch) tellRow(row *pb.Subscription, status *pb.UserStatus) {
	n := w.outbox.of(row.UserId)
	n.subscribed, n.status = row, status
	w.ring()
}

func (w *Watch) tellEnded(ended *pb.SubscriptionEnded) {
	w.outbox.of(ended.UserId).end(ended)
	w.ring()
}
