package core

import (
	"testing"
	"time"

	adminpb "userstatus.dev/examples/server-go/gen/userstatus/admin/v1"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

const ended = pb.ErrorReason_ERROR_REASON_SESSION_ENDED

func TestLeaseGraceDecay(t *testing.T) {
	h := start(t, "standard")
	s := h.login("alice", "phone", phone)
	first := h.seen("alice").Revision
	h.advance(79999 * time.Millisecond)
	h.is("alice", statusOnline)
	if err := h.beat("alice", s); err != nil || h.seen("alice").Revision != first {
		t.Fatal("back within the grace, somebody saw it", err)
	}
	h.advance(80 * time.Second)
	h.is("alice", statusOffline)
	_, err := h.QueryStatuses(as("alice"), &pb.QueryStatusesRequest{SessionId: s, UserIds: []string{"alice"}})
	h.refused(err, pb.ErrorReason_ERROR_REASON_SESSION_LOST)
	if err := h.beat("alice", s); err != nil {
		t.Fatal(err)
	}
	h.is("alice", statusOnline)
	h.advance(80*time.Second + 30*24*time.Hour - time.Millisecond)
	h.is("alice", statusOffline)
	h.advance(time.Millisecond)
	h.is("alice", statusLoggedOut)
	if r := h.refused(h.beat("alice", s), ended); r.Metadata["end_reason"] != "DECAYED" {
		t.Error(r.Metadata)
	}
}

func TestLinkCloseAndHold(t *testing.T) {
	h := start(t, "standard")
	s := h.login("alice", "tab", web)
	w := h.watch("alice", s, nil)
	h.step(time.Hour, true)
	h.is("alice", statusOnline)
	second := h.watch("alice", s, nil)
	if events, done := w.Take(false); !done || events[len(events)-1].GetWatchEnd().Reason != pb.WatchEndReason_WATCH_END_REASON_REPLACED {
		t.Error(events)
	}
	w.Closed() // the link is not lost by a replaced Watch
	h.advance(20 * time.Second)
	h.is("alice", statusOnline)
	second.Closed()
	h.step(14999*time.Millisecond, true) // the grace runs on under hold_leases
	h.is("alice", statusOnline)
	h.advance(time.Millisecond)
	h.is("alice", statusOffline)
}

func TestSessionLimits(t *testing.T) {
	h := start(t, "tencent-native") // one on each platform
	first := h.login("alice", "a", phone)
	h.login("alice", "t", tablet)
	w := h.watch("alice", first, nil)
	second := h.login("alice", "b", phone)
	events, done := w.Take(false)
	if end := events[len(events)-1].GetWatchEnd(); !done || end.Reason != pb.WatchEndReason_WATCH_END_REASON_KICKED || end.MayResume {
		t.Error(events)
	}
	if r := h.refused(h.beat("alice", first), ended); r.Metadata["end_reason"] != "KICKED" {
		t.Error(r.Metadata)
	}
	// A lost session whose place was taken is over; one that comes back by Login takes the place.
	h.advance(400 * time.Second)
	h.is("alice", statusOffline)
	third := h.login("alice", "c", phone)
	if r := h.refused(h.beat("alice", second), ended); r.Metadata["end_reason"] != "KICKED" {
		t.Error(r.Metadata)
	}
	h.advance(400 * time.Second)
	fourth := h.login("alice", "d", phone)
	if back := h.login("alice", "c", phone); back != third {
		t.Error("another session for the same device")
	}
	h.refused(h.beat("alice", fourth), ended)
	h.is("alice", statusOnline)
}

func TestUnknownPlatformIsOther(t *testing.T) {
	h := start(t, "standard", func(p *pb.Profile) {
		p.SessionRules = []*pb.SessionRule{{MaxSessions: 1, PerPlatform: true}}
	})
	first := h.login("alice", "a", 77)
	if got := h.seen("alice").OnlinePlatforms; len(got) != 1 || got[0] != 77 {
		t.Error(got)
	}
	h.login("alice", "b", pb.Platform_PLATFORM_OTHER)
	h.refused(h.beat("alice", first), ended)
}

func TestWebIsNeverOffline(t *testing.T) {
	h := start(t, "tencent-web")
	s := h.login("alice", "tab", web)
	h.text("alice", s, "here")
	h.advance(60 * time.Second)
	h.is("alice", statusLoggedOut)
	if h.advance(29999 * time.Millisecond); h.seen("alice").CustomStatus == nil {
		t.Error("the text went too early")
	}
	if h.advance(time.Millisecond); h.seen("alice").CustomStatus != nil {
		t.Error("the text stayed")
	}
	if r := h.refused(h.beat("alice", s), ended); r.Metadata["end_reason"] != "LINK_LOST" {
		t.Error(r.Metadata)
	}
}

func TestRevisions(t *testing.T) {
	h := start(t, "tencent-native") // platforms are not shown
	s := h.login("alice", "a", phone)
	before := h.seen("alice")
	h.login("alice", "t", tablet)
	if h.seen("alice") != before {
		t.Error("a second session was seen")
	}
	h.text("alice", s, "x")
	once := h.seen("alice").Revision
	h.text("alice", s, "x")
	twice := h.seen("alice").Revision
	if once <= before.Revision || twice <= once || twice >= 1<<53 {
		t.Error(before.Revision, once, twice)
	}
	// To OFFLINE and without the text in one revision, at its own due time.
	h.advance(10 * time.Hour)
	offline := h.seen("alice")
	if offline.OnlineStatus != statusOffline || offline.CustomStatus != nil {
		t.Error(offline)
	}
	if _, err := h.DeleteUsers(&adminpb.DeleteUsersRequest{UserIds: []string{"alice"}}); err != nil {
		t.Fatal(err)
	}
	if r := h.refused(h.beat("alice", s), ended); r.Metadata["end_reason"] != "USER_DELETED" {
		t.Error(r.Metadata)
	}
	if _, err := h.RegisterUsers(&adminpb.RegisterUsersRequest{UserIds: []string{"alice"}}); err != nil {
		t.Fatal(err)
	}
	if anew := h.seen("alice"); anew.Revision <= offline.Revision || anew.OnlineStatus != statusLoggedOut {
		t.Error(anew)
	}
}

func TestLateSettlingKeepsDueTimes(t *testing.T) {
	h := start(t, "standard")
	h.login("alice", "a", phone)
	begin := h.seen("alice").OnlineStatusUpdateTime.AsTime()
	h.advance(24 * time.Hour)
	status := h.seen("alice")
	due := begin.Add(80 * time.Second)
	if !status.OnlineStatusUpdateTime.AsTime().Equal(due) || status.Revision != due.UnixMicro() {
		t.Error(status, due)
	}
}
