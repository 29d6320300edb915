package profile

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// Scale multiplies every duration of the profile, to whole milliseconds and never to nothing.
func (p *Profile) Scale(factor float64) {
	if factor == 1 {
		return
	}
	scale(p.Profile.ProtoReflect(), factor)
}

func scale(m protoreflect.Message, factor float64) {
	if d, ok := m.Interface().(*durationpb.Duration); ok {
		if old := d.AsDuration(); old > 0 {
			scaled := time.Duration(float64(old) * factor).Round(time.Millisecond)
			proto.Reset(d)
			proto.Merge(d, durationpb.New(max(time.Millisecond, scaled)))
		}
		return
	}
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		switch {
		case field.IsMap() || field.Message() == nil:
		case field.IsList():
			for i := range value.List().Len() {
				scale(value.List().Get(i).Message(), factor)
			}
		default:
			scale(value.Message(), factor)
		}
		return true
	})
}

// Check tells what would break a rule of the specification if the profile were advertised (info-complete).
func (p *Profile) Check() error {
	var faults []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	need(p.Name != "", "the profile has no name")
	c, s := p.CustomStatus, p.Subscription
	limits := map[string]int32{
		"custom_status.max_bytes": c.MaxBytes, "query.batch_max": p.Query.BatchMax,
		"subscription.subscribe_batch_max":   s.SubscribeBatchMax,
		"subscription.unsubscribe_batch_max": s.UnsubscribeBatchMax,
		"subscription.max_subscriptions":     s.MaxSubscriptions,
		"subscription.list_page_max":         s.ListPageMax,
	}
	for name, limit := range limits {
		need(limit > 0, "%s must be above zero", name)
	}
	need(s.SubscribeBatchMax <= s.MaxSubscriptions, "subscribe_batch_max is above max_subscriptions")
	need(p.Status.SelfView != pb.SelfView_SELF_VIEW_UNSPECIFIED, "status.self_view is unset")
	need(p.Status.NeverLoggedIn != pb.OnlineStatus_ONLINE_STATUS_UNSPECIFIED, "status.never_logged_in is unset")
	for _, rule := range p.SessionRules {
		need(rule.MaxSessions > 0, "a session rule has no max_sessions")
	}
	for _, rule := range p.RateLimits {
		need(rule.MaxCalls > 0 && Millis(rule.Window) > 0, "the rate of %s is incomplete", rule.Procedure)
	}
	need(len(p.Profile.Liveness) > 0, "there is no liveness rule")
	for i, rule := range p.Profile.Liveness {
		last := i == len(p.Profile.Liveness)-1
		need((len(rule.Platforms) == 0) == last, "only the last liveness rule, and that, names no platform")
		need(Millis(rule.HeartbeatInterval) > 0 && Millis(rule.Lease) > 0, "liveness rule %d is incomplete", i)
		switch rule.AfterLoss {
		case pb.OnlineStatus_ONLINE_STATUS_OFFLINE:
			need(Millis(rule.Decay) > 0, "liveness rule %d has no decay", i)
		case pb.OnlineStatus_ONLINE_STATUS_LOGGED_OUT:
		default:
			need(false, "liveness rule %d has no after_loss", i)
		}
	}
	return errors.Join(faults...)
}
