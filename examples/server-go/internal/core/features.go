package core

import (
	adminpb "userstatus.dev/examples/server-go/gen/userstatus/admin/v1"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// features are the plan and the switches of an app.
type features struct{ plan, userStatus, friendNotifications bool }

var defaultFeatures = features{plan: true, userStatus: true}

func (f features) wire() *adminpb.Features {
	return &adminpb.Features{Plan: f.plan, UserStatus: f.userStatus, FriendNotifications: f.friendNotifications}
}

// GetFeatures gives the switches.
func (a *App) GetFeatures() *adminpb.GetFeaturesResponse {
	a.enter()
	defer a.leave()
	return &adminpb.GetFeaturesResponse{Features: a.features.wire()}
}

// UpdateFeatures changes switches.
func (a *App) UpdateFeatures(req *adminpb.UpdateFeaturesRequest) (*adminpb.UpdateFeaturesResponse, error) {
	a.enter()
	defer a.leave()
	if req.Features == nil {
		return nil, invalidField("features")
	}
	next, paths := a.features, req.UpdateMask.GetPaths()
	if len(paths) == 0 {
		paths = []string{"plan", "user_status", "friend_notifications"}
	}
	for _, path := range paths {
		switch path {
		case "plan":
			next.plan = req.Features.Plan
		case "user_status":
			next.userStatus = req.Features.UserStatus
		case "friend_notifications":
			next.friendNotifications = req.Features.FriendNotifications
		default:
			return nil, invalidField("update_mask")
		}
	}
	a.turn(next)
	return &adminpb.UpdateFeaturesResponse{Features: next.wire()}, nil
}

// turn sets the switches, and ends and tells what hangs on them.
func (a *App) turn(next features) {
	if next == a.features {
		return
	}
	friendsBefore := map[*user][]string{}
	for _, u := range a.users {
		friendsBefore[u] = u.visibleFriends()
	}
	wasOpen := a.gate("Subscribe", false) == nil
	a.features, a.featuresCommit = next, a.tick()
	if wasOpen && a.gate("Subscribe", false) != nil {
		for _, u := range a.users {
			u.endRows(pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_FEATURE_DISABLED)
		}
	}
	for u, before := range friendsBefore {
		u.friendsTurned(before)
	}
}
