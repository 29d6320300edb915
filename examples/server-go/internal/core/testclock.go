package core

import (
	"time"

	testingpb "userstatus.dev/examples/server-go/gen/userstatus/testing/v1"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/ids"
)

const longestStep = 400 * 24 * time.Hour

var clockEnd = time.Date(2201, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// Now is the time of the app's clock.
func (a *App) Now() time.Time {
	defer a.leave()
	return time.UnixMilli(a.enter())
}

// GetClock gives the clock.
func (a *App) GetClock() *testingpb.GetClockResponse {
	now := a.enter()
	defer a.leave()
	return &testingpb.GetClockResponse{Now: stamp(now), Stopped: a.clock.stopped}
}

// AdvanceClock stops the clock and moves it, with everything that falls due on the way.
func (a *App) AdvanceClock(req *testingpb.AdvanceClockRequest) (*testingpb.AdvanceClockResponse, error) {
	now := a.enter()
	defer a.leave()
	step := req.Duration.AsDuration()
	then := now + step.Milliseconds()
	if req.Duration != nil && req.Duration.CheckValid() != nil || step < 0 || step > longestStep || then >= clockEnd {
		return nil, invalidField("duration")
	}
	a.clock.stopped, a.clock.stood = true, now
	if req.HoldLeases {
		for _, u := range a.users {
			for _, s := range u.sessions {
				s.hold(then - now)
			}
		}
	}
	a.settle(then)
	a.clock.stood = then
	return &testingpb.AdvanceClockResponse{Now: stamp(then)}, nil
}

// hold moves a lease that runs.
func (s *session) hold(by int64) {
	if s.state == live {
		s.signAt += by
		s.user.app.due.set(&s.alarm, s.alarm.at+by)
	}
}

// ChangeEpoch does what the loss of revisions would do.
func (a *App) ChangeEpoch() *testingpb.ChangeEpochResponse {
	a.enter()
	defer a.leave()
	a.epoch = ids.New()
	a.endWatches(&pb.WatchEnd{Reason: pb.WatchEndReason_WATCH_END_REASON_RESYNC, MayResume: true})
	return &testingpb.ChangeEpochResponse{Epoch: a.epoch}
}
