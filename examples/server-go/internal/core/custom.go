package core

import (
	"strconv"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/profile"
)

// SetCustomStatus sets or clears the text of the user.
func (a *App) SetCustomStatus(c Caller, req *pb.SetCustomStatusRequest) (*pb.SetCustomStatusResponse, error) {
	now := a.enter()
	defer a.leave()
	ttl, err := a.textTTL(req.CustomStatus)
	if err != nil {
		return nil, err
	}
	s, err := a.active(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	u := s.user
	if err := u.admit("SetCustomStatus", false, now); err != nil {
		return nil, err
	}
	if text := req.CustomStatus.GetText(); text != "" {
		u.setText(text, ends(now, ttl), now)
		u.changed(now, true)
	} else {
		u.clearText(now)
	}
	return &pb.SetCustomStatusResponse{Epoch: a.epoch, Self: u.self}, nil
}

// textTTL checks a custom status and gives the milliseconds that it holds; 0: until changed.
func (a *App) textTTL(in *pb.CustomStatusInput) (int64, error) {
	rules := a.profile.CustomStatus
	if in.GetText() == "" {
		return 0, nil
	}
	if len(in.Text) > int(rules.MaxBytes) {
		return 0, Refuse(pb.ErrorReason_ERROR_REASON_CUSTOM_STATUS_TOO_LONG,
			"field", "custom_status.text", "limit", strconv.Itoa(int(rules.MaxBytes)))
	}
	if in.Ttl == nil {
		return profile.Millis(rules.DefaultTtl), nil
	}
	return callerTTL(in.Ttl, "custom_status.ttl", rules.CallerTtl, rules.MinTtl, rules.MaxTtl)
}

// callerTTL checks a ttl of the caller and cuts it to milliseconds.
func callerTTL(ttl *durationpb.Duration, field string, allowed bool, least, most *durationpb.Duration) (int64, error) {
	if !allowed {
		return 0, Refuse(pb.ErrorReason_ERROR_REASON_TTL_NOT_SUPPORTED, "field", field)
	}
	d := ttl.AsDuration()
	tooLong := most != nil && d > most.AsDuration()
	if ttl.CheckValid() != nil || d < least.AsDuration() || tooLong || d.Milliseconds() < 1 {
		return 0, Refuse(pb.ErrorReason_ERROR_REASON_TTL_OUT_OF_RANGE, "field", field)
	}
	return d.Milliseconds(), nil
}

// ends is when what holds for ttl ends; without a ttl it has no end.
func ends(now, ttl int64) int64 {
	if ttl == 0 {
		return 0
	}
	return now + ttl
}
