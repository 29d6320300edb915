package core

import (
	"slices"

	"google.golang.org/protobuf/proto"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/profile"
)

const (
	statusOnline    = pb.OnlineStatus_ONLINE_STATUS_ONLINE
	statusOffline   = pb.OnlineStatus_ONLINE_STATUS_OFFLINE
	statusLoggedOut = pb.OnlineStatus_ONLINE_STATUS_LOGGED_OUT
)

// statusOf is what others see of a user.
func (a *App) statusOf(id string) *pb.UserStatus {
	if u := a.users[id]; u != nil && u.status != nil {
		return u.status
	}
	return &pb.UserStatus{UserId: id, OnlineStatus: a.profile.Status.NeverLoggedIn}
}

// changed derives both views anew after a change at a time, and tells those that differ. With force, both are told as changed: the same
// text again is a change.
func (u *user) changed(at int64, force bool) {
	if online := u.derive(); online != u.online {
		u.goes(online, at)
	}
	a := u.app
	if next := u.others(at); force || u.status == nil || !proto.Equal(next, u.status) {
		next.Revision = nextRevision(u.status.GetRevision(), at)
		if a.profile.Status.Timestamps && (u.onlineAt != 0 || u.textAt != 0) {
			next.UpdateTime = stamp(at)
		}
		u.status, u.statusCommit = next, a.tick()
		a.tellStatus(u)
	}
	if next := u.own(); force || u.self == nil || !proto.Equal(next, u.self) {
		next.Status.Revision = nextRevision(u.self.GetStatus().GetRevision(), at)
		u.self, u.selfCommit = next, a.tick()
		for w := range u.watches {
			w.tellSelf(next)
		}
	}
}

func nextRevision(previous, at int64) int64 { return max(previous+1, at*1000) }

// derive is the online status that the sessions give.
func (u *user) derive() pb.OnlineStatus {
	if !u.everIn {
		return u.app.profile.Status.NeverLoggedIn
	}
	online := statusLoggedOut
	for _, s := range u.sessions {
		if s.state != lost {
			return statusOnline
		}
		online = statusOffline
	}
	return online
}

// goes changes the online status, with what hangs on that.
func (u *user) goes(online pb.OnlineStatus, at int64) {
	a, rules, was := u.app, u.app.profile.CustomStatus, u.online
	u.online, u.onlineAt = online, at
	if online == statusOffline && rules.ClearOnOffline && u.text != "" {
		u.setText("", 0, at)
	}
	a.due.clear(&u.logoutAlarm)
	if online == statusLoggedOut && rules.ClearAfterLogout != nil && u.text != "" {
		a.due.set(&u.logoutAlarm, at+profile.Millis(rules.ClearAfterLogout))
	}
	absence := a.profile.Subscription.DropAfterAbsence
	switch {
	case online == statusOnline:
		a.due.clear(&u.absenceAlarm)
	case was == statusOnline && absence != nil:
		a.due.set(&u.absenceAlarm, at+profile.Millis(absence))
	}
}

// setText sets or clears the text; until is 0 where it has no end.
func (u *user) setText(text string, until, at int64) {
	u.text, u.textUntil, u.textAt = text, until, at
	u.app.due.clear(&u.textAlarm)
	u.app.due.clear(&u.logoutAlarm)
	if until != 0 {
		u.app.due.set(&u.textAlarm, until)
	}
}

func (u *user) clearText(at int64) {
	if u.text != "" {
		u.setText("", 0, at)
		u.changed(at, false)
	}
}

// others is the view of others, with revision and time of the last one.
func (u *user) others(at int64) *pb.UserStatus {
	rules := u.app.profile.Status
	s := &pb.UserStatus{
		UserId: u.id, Revision: u.status.GetRevision(), OnlineStatus: u.online,
		CustomStatus: u.customStatus(), UpdateTime: u.status.GetUpdateTime(),
	}
	if rules.TargetPlatforms {
		s.OnlinePlatforms = u.platforms()
	}
	if rules.Timestamps {
		s.OnlineStatusUpdateTime, s.CustomStatusUpdateTime = stamp(u.onlineAt), stamp(u.textAt)
	}
	return s
}

// own is the self view, with the revision of the last one.
func (u *user) own() *pb.SelfStatus {
	s := &pb.UserStatus{
		UserId: u.id, Revision: u.self.GetStatus().GetRevision(),
		CustomStatus: u.customStatus(), OnlinePlatforms: u.platforms(),
	}
	if u.app.profile.Status.SelfView == pb.SelfView_SELF_VIEW_FULL {
		s.OnlineStatus, s.UpdateTime = u.online, u.status.UpdateTime
		s.OnlineStatusUpdateTime, s.CustomStatusUpdateTime = u.status.OnlineStatusUpdateTime, u.status.CustomStatusUpdateTime
	}
	self := &pb.SelfStatus{Status: s}
	for _, session := range u.live() {
		self.Sessions = append(self.Sessions, &pb.Session{
			SessionId: session.id, DeviceId: session.device, Platform: session.platform, LoginTime: stamp(session.loginAt),
		})
	}
	return self
}

func (u *user) customStatus() *pb.CustomStatus {
	if u.text == "" {
		return nil
	}
	return &pb.CustomStatus{Text: u.text, ExpireTime: stamp(u.textUntil)}
}

// platforms are those of the live sessions.
func (u *user) platforms() []pb.Platform {
	var platforms []pb.Platform
	for _, s := range u.live() {
		platforms = append(platforms, s.platform)
	}
	slices.Sort(platforms)
	return slices.Compact(platforms)
}
