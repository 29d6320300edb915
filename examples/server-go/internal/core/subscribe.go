package core

import (
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/profile"
)

// Subscribe makes or refreshes rows.
func (a *App) Subscribe(c Caller, req *pb.SubscribeRequest) (*pb.SubscribeResponse, error) {
	now := a.enter()
	defer a.leave()
	rules := a.profile.Subscription
	if err := checkBatch("user_ids", req.UserIds, rules.SubscribeBatchMax); err != nil {
		return nil, err
	}
	ttl, err := a.rowTTL(req)
	if err != nil {
		return nil, err
	}
	s, err := a.active(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	u := s.user
	if err := u.admit("Subscribe", namesOnly(req.UserIds, u.id), now); err != nil {
		return nil, err
	}
	named := map[string]struct{}{}
	for _, id := range req.UserIds {
		named[id] = struct{}{}
	}
	answer := &pb.SubscribeResponse{Epoch: a.epoch}
	for _, id := range unique(req.UserIds) {
		result := &pb.SubscribeResult{UserId: id}
		answer.Results = append(answer.Results, result)
		if reason := a.whyNot(u, id, false); reason != 0 {
			result.Result = &pb.SubscribeResult_Error{Error: a.userError(reason)}
			continue
		}
		if u.rows[id] == nil && len(u.rows) >= int(rules.MaxSubscriptions) {
			u.evict(named)
		}
		r := u.subscribe(id, ends(now, ttl), now)
		result.Result = &pb.SubscribeResult_Subscribed{
			Subscribed: &pb.SubscribedUser{Subscription: r.wire(), Status: a.statusOf(id)},
		}
	}
	return answer, nil
}

// rowTTL is how many milliseconds the rows hold; 0: they have no time of their own.
func (a *App) rowTTL(req *pb.SubscribeRequest) (int64, error) {
	rules := a.profile.Subscription
	switch {
	case req.Ttl != nil:
		return callerTTL(req.Ttl, "ttl", rules.CallerTtl, rules.MinTtl, rules.MaxTtl)
	case rules.DefaultTtl == nil && rules.CallerTtl:
		return 0, Refuse(pb.ErrorReason_ERROR_REASON_TTL_OUT_OF_RANGE, "field", "ttl")
	}
	return profile.Millis(rules.DefaultTtl), nil
}

// whyNot is why a user of a batch fails; 0: he does not.
func (a *App) whyNot(caller *user, id string, selfAllowed bool) pb.ErrorReason {
	if id == caller.id {
		if selfAllowed {
			return 0
		}
		return pb.ErrorReason_ERROR_REASON_SELF_NOT_ALLOWED
	}
	if !a.registered(id) {
		return pb.ErrorReason_ERROR_REASON_USER_NOT_FOUND
	}
	return 0
}

// Unsubscribe ends rows.
func (a *App) Unsubscribe(c Caller, req *pb.UnsubscribeRequest) (*pb.UnsubscribeResponse, error) {
	now := a.enter()
	defer a.leave()
	rules := a.profile.Subscription
	list, all := req.GetUsers().GetUserIds(), req.GetAll() != nil
	if !all && len(list) == 0 && rules.EmptyUnsubscribeMeansAll {
		all = true
	}
	if !all {
		if err := checkBatch("users.user_ids", list, rules.UnsubscribeBatchMax); err != nil {
			return nil, err
		}
	}
	s, err := a.active(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	u := s.user
	if err := u.admit("Unsubscribe", !all && namesOnly(list, u.id), now); err != nil {
		return nil, err
	}
	if all {
		ended := u.targets()
		u.endRows(pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_UNSUBSCRIBED)
		return &pb.UnsubscribeResponse{EndedUserIds: ended}, nil
	}
	answer := &pb.UnsubscribeResponse{}
	for _, id := range unique(list) {
		if !a.registered(id) {
			failure := &pb.UserFailure{UserId: id, Error: a.userError(pb.ErrorReason_ERROR_REASON_USER_NOT_FOUND)}
			answer.Failures = append(answer.Failures, failure)
			continue
		}
		if r := u.rows[id]; r != nil {
			r.end(pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_UNSUBSCRIBED)
		}
		answer.EndedUserIds = append(answer.EndedUserIds, id)
	}
	return answer, nil
}
