package core

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	testingpb "userstatus.dev/examples/server-go/gen/userstatus/testing/v1"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/profile"
)

const (
	phone  = pb.Platform_PLATFORM_ANDROID
	web    = pb.Platform_PLATFORM_WEB
	tablet = pb.Platform_PLATFORM_IPADOS
)

// harness is an app with a stopped clock.
type harness struct {
	*testing.T
	*App
}

func start(t *testing.T, name string, change ...func(*pb.Profile)) *harness {
	t.Helper()
	p, err := profile.Published(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(p.Profile)
	}
	h := &harness{t, NewServer(Config{Profile: p, KeepAlive: time.Second}).App("app")}
	h.advance(0)
	return h
}

func (h *harness) advance(d time.Duration) {
	h.Helper()
	h.step(d, false)
}

func (h *harness) step(d time.Duration, hold bool) {
	h.Helper()
	if _, err := h.AdvanceClock(&testingpb.AdvanceClockRequest{Duration: durationpb.New(d), HoldLeases: hold}); err != nil {
		h.Fatal(err)
	}
}

func as(user string) Caller { return Caller{User: user} }

func (h *harness) login(user, device string, platform pb.Platform) string {
	h.Helper()
	answer, err := h.Login(as(user), &pb.LoginRequest{DeviceId: device, Platform: platform})
	if err != nil {
		h.Fatal(err)
	}
	return answer.SessionId
}

func (h *harness) beat(user, session string) error {
	_, err := h.Heartbeat(as(user), &pb.HeartbeatRequest{SessionId: session})
	return err
}

func (h *harness) text(user, session, text string) {
	h.Helper()
	req := &pb.SetCustomStatusRequest{SessionId: session, CustomStatus: &pb.CustomStatusInput{Text: text}}
	if _, err := h.SetCustomStatus(as(user), req); err != nil {
		h.Fatal(err)
	}
}

func (h *harness) subscribe(user, session string, targets ...string) []*pb.Subscription {
	h.Helper()
	answer, err := h.Subscribe(as(user), &pb.SubscribeRequest{SessionId: session, UserIds: targets})
	if err != nil {
		h.Fatal(err)
	}
	var rows []*pb.Subscription
	for _, result := range answer.Results {
		rows = append(rows, result.GetSubscribed().GetSubscription())
	}
	return rows
}

func (h *harness) watch(user, session string, cursor []byte) *Watch {
	h.Helper()
	w, err := h.OpenWatch(as(user), &pb.WatchRequest{SessionId: session, Cursor: cursor})
	if err != nil {
		h.Fatal(err)
	}
	return w
}

func take(w *Watch) []*pb.WatchEvent {
	events, _ := w.Take(false)
	return events
}

func lastCursor(events []*pb.WatchEvent) []byte {
	return events[len(events)-1].GetSnapshotEnd().GetCursor()
}

// seen is what others see of a user now.
func (h *harness) seen(user string) *pb.UserStatus {
	h.enter()
	defer h.leave()
	return h.statusOf(user)
}

func (h *harness) is(user string, want pb.OnlineStatus) {
	h.Helper()
	if got := h.seen(user).OnlineStatus; got != want {
		h.Errorf("%s is %s, not %s", user, got, want)
	}
}

func (h *harness) refused(err error, want pb.ErrorReason) *Refusal {
	h.Helper()
	var refusal *Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want {
		h.Fatalf("want %s, got %v", want, err)
	}
	return refusal
}
