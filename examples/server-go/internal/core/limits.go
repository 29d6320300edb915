package core

import (
	"slices"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/ids"
	"userstatus.dev/examples/server-go/internal/profile"
)

// admit is what stands between a good request and its effect: gates, then rates. It is the last thing that may refuse, since it counts.
func (u *user) admit(procedure string, selfOnly bool, now int64) error {
	if err := u.app.gate(procedure, selfOnly); err != nil {
		return err
	}
	return u.count(procedure, selfOnly, now)
}

// gate refuses a procedure whose plan or switch is off.
func (a *App) gate(procedure string, selfOnly bool) error {
	for _, rule := range a.profile.Gates {
		if !slices.Contains(rule.Procedures, procedure) || rule.SelfExempt && selfOnly {
			continue
		}
		if rule.Gate == pb.Gate_GATE_PLAN && !a.features.plan {
			return Refuse(pb.ErrorReason_ERROR_REASON_PLAN_REQUIRED)
		}
		if rule.Gate == pb.Gate_GATE_USER_STATUS && !a.features.userStatus {
			return Refuse(pb.ErrorReason_ERROR_REASON_FEATURE_DISABLED)
		}
	}
	return nil
}

// count keeps a sliding log for each rate of the profile. A refused call is in none.
func (u *user) count(procedure string, selfOnly bool, now int64) error {
	var counting []int
	for i, rule := range u.app.profile.RateLimits {
		if rule.Procedure != procedure || rule.SelfExempt && selfOnly {
			continue
		}
		window, calls := profile.Millis(rule.Window), u.rates[i]
		for len(calls) > 0 && calls[0] <= now-window {
			calls = calls[1:]
		}
		u.rates[i] = calls
		if len(calls) >= int(rule.MaxCalls) {
			refusal := Refuse(pb.ErrorReason_ERROR_REASON_RATE_LIMITED)
			refusal.RetryMillis = calls[0] + window - now
			return refusal
		}
		counting = append(counting, i)
	}
	for _, i := range counting {
		u.rates[i] = append(u.rates[i], now)
	}
	return nil
}

// checkIDs checks a list of user ids: its size before duplicates collapse, and the form of each.
func checkIDs(field string, list []string, most int32) error {
	if len(list) > int(most) {
		return tooLarge(field, most)
	}
	for _, id := range list {
		if !ids.ValidUser(id) {
			return Refuse(pb.ErrorReason_ERROR_REASON_INVALID_USER_ID, "field", field)
		}
	}
	return nil
}

// checkBatch is checkIDs of a list that must not be empty.
func checkBatch(field string, list []string, most int32) error {
	if len(list) == 0 {
		return Refuse(pb.ErrorReason_ERROR_REASON_BATCH_EMPTY, "field", field)
	}
	return checkIDs(field, list, most)
}

// unique drops duplicates and keeps the order of first occurrence.
func unique(list []string) []string {
	seen := make(map[string]struct{}, len(list))
	out := make([]string, 0, len(list))
	for _, id := range list {
		if _, ok := seen[id]; !ok {
			seen[id] = struct{}{}
			out = append(out, id)
		}
	}
	return out
}

// namesOnly says whether a list names one user and nobody else.
func namesOnly(list []string, id string) bool {
	return len(list) > 0 && !slices.ContainsFunc(list, func(other string) bool { return other != id })
}
