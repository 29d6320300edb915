package core

import (
	"fmt"
	"strings"
	"testing"
	"time"

	adminpb "userstatus.dev/examples/server-go/gen/userstatus/admin/v1"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// brief writes events as text: kind and target.
func brief(events []*pb.WatchEvent) string {
	var all []string
	for _, event := range events {
		switch e := event.Event.(type) {
		case *pb.WatchEvent_Hello:
			all = append(all, strings.TrimPrefix(e.Hello.ResumeResult.String(), "RESUME_RESULT_"))
		case *pb.WatchEvent_Status:
			all = append(all, e.Status.UserId+"="+e.Status.GetCustomStatus().GetText())
		case *pb.WatchEvent_Self:
			all = append(all, "self")
		case *pb.WatchEvent_Subscribed:
			all = append(all, "+"+e.Subscribed.UserId)
		case *pb.WatchEvent_SubscriptionEnded:
			kind := "-"
			if e.SubscriptionEnded.Generation == 0 {
				kind = "~"
			}
			if e.SubscriptionEnded.StillVisible {
				kind += "!"
			}
			all = append(all, kind+e.SubscriptionEnded.UserId)
		case *pb.WatchEvent_SnapshotEnd:
			all = append(all, "end")
		case *pb.WatchEvent_Synced:
			all = append(all, "#"+e.Synced.Marker)
		case *pb.WatchEvent_WatchEnd:
			all = append(all, strings.TrimPrefix(e.WatchEnd.Reason.String(), "WATCH_END_REASON_"))
		default:
			all = append(all, fmt.Sprintf("%T", e))
		}
	}
	return strings.Join(all, " ")
}

func (h *harness) expect(events []*pb.WatchEvent, want string) {
	h.Helper()
	if got := brief(events); got != want {
		h.Errorf("want %q, got %q", want, got)
	}
}

func (h *harness) unsubscribe(user, session, target string) {
	h.Helper()
	users := &pb.UnsubscribeRequest_Users{Users: &pb.UserIdList{UserIds: []string{target}}}
	if _, err := h.Unsubscribe(as(user), &pb.UnsubscribeRequest{SessionId: session, Target: users}); err != nil {
		h.Fatal(err)
	}
}

func TestSlowReaderGetsTheLastOfEach(t *testing.T) {
	h := start(t, "standard")
	alice, bob := h.login("alice", "phone", phone), h.login("bob", "phone", phone)
	h.subscribe("bob", bob, "alice")
	w := h.watch("bob", bob, nil)
	h.expect(take(w), "RESET self +alice alice= end")
	h.text("alice", alice, "one")
	sync := func(marker string) {
		if _, err := h.Sync(as("bob"), &pb.SyncRequest{SessionId: bob, Marker: marker}); err != nil {
			t.Fatal(err)
		}
	}
	sync("m1")
	h.text("alice", alice, "two")
	sync("m2")
	h.expect(take(w), "alice=two #m1 #m2")
	h.text("alice", alice, "three")
	h.unsubscribe("bob", bob, "alice")
	h.text("alice", alice, "four")
	h.expect(take(w), "-alice")
	h.subscribe("bob", bob, "alice")
	h.unsubscribe("bob", bob, "alice")
	h.subscribe("bob", bob, "alice")
	h.expect(take(w), "-alice +alice alice=four")
}

func TestResume(t *testing.T) {
	h := start(t, "standard")
	alice, bob := h.login("alice", "phone", phone), h.login("bob", "phone", phone)
	h.everybody("carol", "dave", "erin", "fred")
	h.subscribe("bob", bob, "alice", "carol", "dave", "erin")
	w := h.watch("bob", bob, nil)
	cursor := lastCursor(take(w))
	w.Closed()
	h.text("alice", alice, "hi")
	h.unsubscribe("bob", bob, "dave")
	h.unsubscribe("bob", bob, "erin")
	h.subscribe("bob", bob, "erin", "fred")
	w = h.watch("bob", bob, cursor)
	events := take(w)
	h.expect(events, "RESUMED -dave alice=hi +erin erin= +fred fred= end")
	cursor = lastCursor(events)
	w = h.watch("bob", bob, cursor)
	h.expect(take(w), "RESUMED end")
	h.expect(take(h.watch("alice", alice, cursor)), "RESET self end") // another user's
	h.ChangeEpoch()
	h.expect(take(w), "RESYNC")
	h.expect(take(h.watch("bob", bob, cursor))[:1], "RESET")
	cursor[5]++
	_, err := h.OpenWatch(as("bob"), &pb.WatchRequest{SessionId: bob, Cursor: cursor})
	h.refused(err, pb.ErrorReason_ERROR_REASON_MALFORMED_CURSOR)
}

func TestFriends(t *testing.T) {
	h := start(t, "standard")
	alice, bob := h.login("alice", "phone", phone), h.login("bob", "phone", phone)
	w := h.watch("bob", bob, nil)
	take(w)
	befriend := func(ids ...string) {
		if _, err := h.SetFriends(&adminpb.SetFriendsRequest{UserId: "bob", FriendUserIds: ids}); err != nil {
			t.Fatal(err)
		}
	}
	turn := func(f *adminpb.Features) {
		if _, err := h.UpdateFeatures(&adminpb.UpdateFeaturesRequest{Features: f}); err != nil {
			t.Fatal(err)
		}
	}
	befriend("alice", "bob", "nobody")
	h.text("alice", alice, "off")
	h.expect(take(w), "")
	turn(&adminpb.Features{Plan: true, UserStatus: true, FriendNotifications: true})
	h.text("alice", alice, "on")
	h.expect(take(w), "alice=on")
	h.subscribe("bob", bob, "alice")
	h.unsubscribe("bob", bob, "alice")
	h.expect(take(w), "-!alice alice=on")
	h.subscribe("bob", bob, "alice")
	take(w)
	turn(&adminpb.Features{Plan: false, UserStatus: true, FriendNotifications: true})
	h.expect(take(w), "-!alice")
	befriend()
	h.expect(take(w), "~alice")
	befriend("alice")
	take(w)
	if _, err := h.DeleteUsers(&adminpb.DeleteUsersRequest{UserIds: []string{"alice"}}); err != nil {
		t.Fatal(err)
	}
	h.expect(take(w), "~alice")
}

func TestLeaseEndsTheWatch(t *testing.T) {
	h := start(t, "standard")
	s := h.login("alice", "phone", phone)
	w := h.watch("alice", s, nil)
	take(w)
	h.advance(75 * time.Second)
	h.expect(take(w), "LEASE_EXPIRED")
	h.is("alice", statusOnline)
	_, err := h.Sync(as("alice"), &pb.SyncRequest{SessionId: s, Marker: "m"})
	h.refused(err, pb.ErrorReason_ERROR_REASON_NO_OPEN_WATCH)
}
