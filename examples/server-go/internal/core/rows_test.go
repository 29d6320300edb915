package core

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	adminpb "userstatus.dev/examples/server-go/gen/userstatus/admin/v1"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

func (h *harness) everybody(ids ...string) {
	h.Helper()
	if _, err := h.RegisterUsers(&adminpb.RegisterUsersRequest{UserIds: ids}); err != nil {
		h.Fatal(err)
	}
}

func (h *harness) targetsOf(user, session string) []string {
	h.Helper()
	answer, err := h.ListSubscriptions(as(user), &pb.ListSubscriptionsRequest{SessionId: session})
	if err != nil {
		h.Fatal(err)
	}
	var targets []string
	for _, row := range answer.Subscriptions {
		targets = append(targets, row.Subscription.UserId)
	}
	return targets
}

func smallCap(p *pb.Profile) {
	p.Subscription.MaxSubscriptions, p.Subscription.SubscribeBatchMax = 3, 3
}

func TestCapEvictsTheRowRefreshedLongestAgo(t *testing.T) {
	h := start(t, "standard", smallCap)
	h.everybody("a", "b", "c", "d", "e")
	s := h.login("me", "phone", phone)
	h.subscribe("me", s, "a", "b", "c")
	h.subscribe("me", s, "a", "b") // c is the oldest now
	w := h.watch("me", s, nil)
	take(w)
	h.subscribe("me", s, "d")
	if got := h.targetsOf("me", s); !slices.Equal(got, []string{"a", "b", "d"}) {
		t.Error(got)
	}
	events := take(w)
	if e := events[0].GetSubscriptionEnded(); e.GetUserId() != "c" || e.GetReason() != pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_EVICTED {
		t.Error(events)
	}
	// a is the oldest, but the call names it.
	h.subscribe("me", s, "e", "a")
	if got := h.targetsOf("me", s); !slices.Equal(got, []string{"a", "d", "e"}) {
		t.Error(got)
	}
	h.subscribe("me", s, "a", "d", "e") // at the cap, nothing new
	if got := h.targetsOf("me", s); !slices.Equal(got, []string{"a", "d", "e"}) {
		t.Error(got)
	}
}

func TestRowsExpireAndDoNotCount(t *testing.T) {
	h := start(t, "standard", smallCap)
	h.everybody("a", "b", "c", "d")
	s := h.login("me", "phone", phone)
	req := &pb.SubscribeRequest{SessionId: s, UserIds: []string{"a"}, Ttl: durationpb.New(60 * time.Second)}
	answer, err := h.Subscribe(as("me"), req)
	if err != nil {
		t.Fatal(err)
	}
	generation := answer.Results[0].GetSubscribed().Subscription.Generation
	h.subscribe("me", s, "b", "c")
	if h.advance(59999 * time.Millisecond); len(h.targetsOf("me", s)) != 3 {
		t.Error("a row went too early")
	}
	h.advance(time.Millisecond)
	h.subscribe("me", s, "d")
	if got := h.targetsOf("me", s); !slices.Equal(got, []string{"b", "c", "d"}) {
		t.Error(got)
	}
	if again := h.subscribe("me", s, "a")[0]; again.Generation <= generation {
		t.Error("the generation did not rise")
	}
	for _, ttl := range []time.Duration{60*time.Second - time.Nanosecond, 30*24*time.Hour + time.Nanosecond} {
		req.Ttl = durationpb.New(ttl)
		_, err := h.Subscribe(as("me"), req)
		h.refused(err, pb.ErrorReason_ERROR_REASON_TTL_OUT_OF_RANGE)
	}
}

func TestAbsenceEndsRows(t *testing.T) {
	h := start(t, "tencent-native")
	h.everybody("a")
	s := h.login("me", "phone", phone)
	h.subscribe("me", s, "a")
	h.advance(400*time.Second + 24*time.Hour - time.Millisecond)
	s = h.login("me", "phone", phone) // just in time
	if len(h.targetsOf("me", s)) != 1 {
		t.Error("the row went too early")
	}
	h.advance(400*time.Second + 24*time.Hour)
	if s = h.login("me", "phone", phone); len(h.targetsOf("me", s)) != 0 {
		t.Error("the row stayed")
	}
}

func TestPages(t *testing.T) {
	h := start(t, "standard")
	h.everybody("a", "b", "c", "d", "e")
	s := h.login("me", "phone", phone)
	h.subscribe("me", s, "e", "c", "a", "d", "b")
	req := &pb.ListSubscriptionsRequest{SessionId: s, PageSize: 2}
	var got []string
	for {
		answer, err := h.ListSubscriptions(as("me"), req)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range answer.Subscriptions {
			got = append(got, row.Subscription.UserId)
		}
		if req.PageToken = answer.NextPageToken; req.PageToken == "" {
			break
		}
		other := &pb.ListSubscriptionsRequest{SessionId: s, PageToken: req.PageToken, UserIds: []string{"a"}}
		_, err = h.ListSubscriptions(as("me"), other)
		h.refused(err, pb.ErrorReason_ERROR_REASON_MALFORMED_PAGE_TOKEN)
	}
	if !slices.Equal(got, []string{"a", "b", "c", "d", "e"}) {
		t.Error(got)
	}
}

func TestRates(t *testing.T) {
	h := start(t, "tencent-native") // 20 in 5 s, oneself free
	s := h.login("me", "phone", phone)
	h.everybody("a")
	query := func(id string) error {
		_, err := h.QueryStatuses(as("me"), &pb.QueryStatusesRequest{SessionId: s, UserIds: []string{id}})
		return err
	}
	for range 20 {
		if err := query("a"); err != nil {
			t.Fatal(err)
		}
	}
	r := h.refused(query("a"), pb.ErrorReason_ERROR_REASON_RATE_LIMITED)
	if err := query("me"); err != nil || r.RetryMillis != 5000 {
		t.Error(err, r.RetryMillis)
	}
	h.advance(time.Duration(r.RetryMillis) * time.Millisecond)
	if err := query("a"); err != nil {
		t.Error(err)
	}
}
