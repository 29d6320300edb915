package core

import (
	"maps"
	"slices"

	adminpb "userstatus.dev/examples/server-go/gen/userstatus/admin/v1"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// Limits of the admin service.
const (
	registerMax   = 1000
	friendsMax    = 3000
	adminQueryMax = 500
)

// RegisterUsers registers users.
func (a *App) RegisterUsers(req *adminpb.RegisterUsersRequest) (*adminpb.RegisterUsersResponse, error) {
	now := a.enter()
	defer a.leave()
	if err := checkBatch("user_ids", req.UserIds, registerMax); err != nil {
		return nil, err
	}
	answer := &adminpb.RegisterUsersResponse{}
	for _, id := range unique(req.UserIds) {
		if u := a.record(id); !u.registered {
			a.register(u, now)
			answer.CreatedCount++
		}
	}
	return answer, nil
}

// DeleteUsers deletes users.
func (a *App) DeleteUsers(req *adminpb.DeleteUsersRequest) (*adminpb.DeleteUsersResponse, error) {
	now := a.enter()
	defer a.leave()
	if err := checkBatch("user_ids", req.UserIds, registerMax); err != nil {
		return nil, err
	}
	answer := &adminpb.DeleteUsersResponse{}
	for _, id := range unique(req.UserIds) {
		if u := a.users[id]; u != nil && u.registered {
			a.delete(u, now)
			answer.DeletedCount++
		}
	}
	return answer, nil
}

func (a *App) delete(u *user, now int64) {
	seenBy := slices.Collect(maps.Keys(a.friendOf[u.id]))
	seenBy = slices.DeleteFunc(seenBy, func(owner *user) bool { return !owner.hasVisibleFriend(u.id) })
	u.registered = false
	for _, s := range u.sessions {
		s.over(pb.SessionEndReason_SESSION_END_REASON_USER_DELETED)
	}
	for _, r := range u.rows {
		r.drop()
	}
	u.setFriends(nil)
	for _, r := range a.rowsTo[u.id] {
		r.end(pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_TARGET_GONE)
	}
	for _, owner := range seenBy {
		owner.rememberRow(u.id, 0, pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_TARGET_GONE)
		owner.hideFriend(u.id, pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_TARGET_GONE)
	}
	for _, alarm := range []*alarm{&u.textAlarm, &u.logoutAlarm, &u.absenceAlarm} {
		a.due.clear(alarm)
	}
	u.blank()
	u.status = &pb.UserStatus{Revision: u.status.GetRevision()}
	u.self = &pb.SelfStatus{Status: &pb.UserStatus{Revision: u.self.GetStatus().GetRevision()}}
	if !a.registry() {
		a.register(u, now)
	}
}

// register makes somebody known who never logged in.
func (a *App) register(u *user, at int64) {
	if !u.registered {
		u.registered, u.bornCommit = true, a.tick()
		u.changed(at, true)
	}
}

// SetFriends replaces a friend list.
func (a *App) SetFriends(req *adminpb.SetFriendsRequest) (*adminpb.SetFriendsResponse, error) {
	a.enter()
	defer a.leave()
	if err := checkIDs("user_id", []string{req.UserId}, 1); err != nil {
		return nil, err
	}
	if err := checkIDs("friend_user_ids", req.FriendUserIds, friendsMax); err != nil {
		return nil, err
	}
	if !a.registered(req.UserId) {
		return nil, userNotFound()
	}
	u := a.record(req.UserId)
	u.setFriends(req.FriendUserIds)
	return &adminpb.SetFriendsResponse{FriendUserIds: slices.Sorted(maps.Keys(u.friends))}, nil
}

// EndSessions ends sessions of one user.
func (a *App) EndSessions(req *adminpb.EndSessionsRequest) (*adminpb.EndSessionsResponse, error) {
	now := a.enter()
	defer a.leave()
	if err := checkIDs("user_id", []string{req.UserId}, 1); err != nil {
		return nil, err
	}
	if !a.registered(req.UserId) {
		return nil, userNotFound()
	}
	u, which := a.record(req.UserId), unique(req.SessionIds)
	if len(req.SessionIds) == 0 {
		which = slices.Sorted(maps.Keys(u.sessions))
	}
	answer := &adminpb.EndSessionsResponse{}
	for _, id := range which {
		if s := u.sessions[id]; s != nil {
			s.over(pb.SessionEndReason_SESSION_END_REASON_ADMIN)
			answer.EndedSessionIds = append(answer.EndedSessionIds, id)
		}
	}
	if len(answer.EndedSessionIds) > 0 {
		u.changed(now, false)
	}
	return answer, nil
}

// AdminQuery gives statuses as other users see them.
func (a *App) AdminQuery(req *adminpb.QueryStatusesRequest) (*adminpb.QueryStatusesResponse, error) {
	a.enter()
	defer a.leave()
	if err := checkBatch("user_ids", req.UserIds, adminQueryMax); err != nil {
		return nil, err
	}
	answer := &adminpb.QueryStatusesResponse{Epoch: a.epoch}
	for _, id := range unique(req.UserIds) {
		var whyNot pb.ErrorReason
		if !a.registered(id) {
			whyNot = pb.ErrorReason_ERROR_REASON_USER_NOT_FOUND
		}
		answer.Results = append(answer.Results, a.queryResult(id, whyNot))
	}
	return answer, nil
}
