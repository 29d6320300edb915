package core

import (
	"container/list"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// user is the record of one user. It stays when the user is deleted, for revisions and ended sessions.
type user struct {
	app        *App
	id         string
	registered bool
	bornCommit int64

	sessions  map[string]*session // those that are not over
	logins    int64               // counts logins, for their order
	everIn    bool
	ended     map[string]pb.SessionEndReason
	endedIDs  []string // oldest first
	rates     map[int][]int64
	online    pb.OnlineStatus
	onlineAt  int64
	text      string
	textUntil int64 // 0: until changed
	textAt    int64 // 0: never

	status       *pb.UserStatus // as others see it; never changed once it is here
	statusCommit int64
	self         *pb.SelfStatus // likewise, as he sees it himself
	selfCommit   int64

	rows          map[string]*row
	byRefresh     *list.List // rows, the one refreshed longest ago first
	endedRows     []endedRow // oldest first
	forgotten     int64      // commit of the last ended row that is not remembered
	friends       map[string]struct{}
	friendsCommit int64

	textAlarm    alarm // the text runs out
	logoutAlarm  alarm // the text is cleared after a logout
	absenceAlarm alarm // the rows end for absence
}

func newUser(a *App, id string) *user {
	u := &user{app: a, id: id, ended: map[string]pb.SessionEndReason{}, bornCommit: a.tick()}
	u.blank()
	u.textAlarm.fire = u.clearText
	u.logoutAlarm.fire = u.clearText
	u.absenceAlarm.fire = func(int64) {
		u.endRows(pb.SubscriptionEndReason_SUBSCRIPTION_END_REASON_EXPIRED)
	}
	return u
}

// blank sets what somebody has who has just been registered.
func (u *user) blank() {
	u.sessions, u.rates = map[string]*session{}, map[int][]int64{}
	u.everIn, u.online, u.onlineAt = false, u.app.profile.Status.NeverLoggedIn, 0
	u.text, u.textUntil, u.textAt = "", 0, 0
	u.rows, u.byRefresh, u.endedRows = map[string]*row{}, list.New(), nil
	u.friends = map[string]struct{}{}
}

// watches are the user's open Watches.
func (u *user) watches(yield func(*Watch) bool) {
	for _, s := range u.sessions {
		if s.watch != nil && !yield(s.watch) {
			return
		}
	}
}

// rememberEnd notes why a session is over; the last 64 are remembered.
func (u *user) rememberEnd(id string, why pb.SessionEndReason) {
	u.ended[id] = why
	if u.endedIDs = append(u.endedIDs, id); len(u.endedIDs) > 64 {
		delete(u.ended, u.endedIDs[0])
		u.endedIDs = u.endedIDs[1:]
	}
}
