package core

import (
	"slices"
	"time"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/profile"
)

type sessionState int

const (
	live sessionState = iota // its lease runs
	away                     // its link was lost, its grace runs
	lost                     // its grace is over, its decay runs
)

// session is one logged-in device. Its alarm is the end of the lease, of the grace, or of the decay, by its state.
type session struct {
	user     *user
	id       string
	device   string
	platform pb.Platform
	loginAt  int64
	order    int64 // place in the order of logins
	state    sessionState
	signAt   int64 // last sign of life
	lostAt   int64
	alarm    alarm

	watch       *Watch
	tokenEnds   int64 // wall time in milliseconds; 0: never
	tokenTimer  *time.Timer
	tokenIsRead bool // whether a token was noted yet
}

func (s *session) rule() *pb.LivenessRule { return s.user.app.profile.Liveness(s.platform) }

// live are the live sessions and those that are away, earliest login first.
func (u *user) live() []*session {
	var all []*session
	for _, s := range u.sessions {
		if s.state != lost {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b *session) int { return int(a.order - b.order) })
	return all
}

// find gives the session of an id that is not over, or the refusal that its id deserves.
func (a *App) find(userID, sessionID string) (*session, error) {
	u := a.users[userID]
	if u != nil {
		if s := u.sessions[sessionID]; s != nil {
			return s, nil
		}
		if why, ok := u.ended[sessionID]; ok {
			return nil, sessionEnded(why)
		}
	}
	return nil, Refuse(pb.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND)
}

// active gives a session that is not lost either.
func (a *App) active(userID, sessionID string) (*session, error) {
	s, err := a.find(userID, sessionID)
	if err == nil && s.state == lost {
		return nil, Refuse(pb.ErrorReason_ERROR_REASON_SESSION_LOST)
	}
	return s, err
}

// renew is a sign of life: the lease starts anew, whatever the session was before.
func (s *session) renew(at int64) {
	s.state, s.signAt = live, at
	s.user.app.due.set(&s.alarm, at+profile.Millis(s.rule().Lease))
}

// fall is the end of lease, grace or decay.
func (s *session) fall(at int64) {
	switch s.state {
	case live:
		s.endWatch(pb.WatchEndReason_WATCH_END_REASON_LEASE_EXPIRED, true)
		s.loseLink(at)
	case away:
		s.lose(at)
	case lost:
		s.over(pb.SessionEndReason_SESSION_END_REASON_DECAYED)
		s.user.changed(at, false)
	}
}

// loseLink starts the grace.
func (s *session) loseLink(at int64) {
	if s.state != live {
		return
	}
	grace := profile.Millis(s.rule().Grace)
	if s.state = away; grace == 0 {
		s.lose(at)
		return
	}
	s.user.app.due.set(&s.alarm, at+grace)
}

// lose is the end of the grace.
func (s *session) lose(at int64) {
	rule := s.rule()
	if rule.AfterLoss == statusLoggedOut {
		s.over(pb.SessionEndReason_SESSION_END_REASON_LINK_LOST)
	} else {
		s.state, s.lostAt = lost, at
		s.user.app.due.set(&s.alarm, at+profile.Millis(rule.Decay))
		s.user.trimLost()
	}
	s.user.changed(at, false)
}

// trimLost ends the sessions lost longest where there are more than could live under the rules.
func (u *user) trimLost() {
	var gone []*session
	for _, s := range u.sessions {
		if s.state == lost {
			gone = append(gone, s)
		}
	}
	if extra := len(gone) - u.app.profile.SessionRoom(); extra > 0 {
		slices.SortFunc(gone, func(a, b *session) int { return int(a.lostAt - b.lostAt) })
		for _, s := range gone[:extra] {
			s.over(pb.SessionEndReason_SESSION_END_REASON_DECAYED)
		}
	}
}

// over ends the session; what its user is after that is the caller's to derive.
func (s *session) over(why pb.SessionEndReason) {
	switch why {
	case pb.SessionEndReason_SESSION_END_REASON_LOGGED_OUT:
		s.endWatch(pb.WatchEndReason_WATCH_END_REASON_LOGGED_OUT, false)
	case pb.SessionEndReason_SESSION_END_REASON_USER_DELETED:
		s.endWatch(pb.WatchEndReason_WATCH_END_REASON_USER_DELETED, false)
	default:
		s.endWatch(pb.WatchEndReason_WATCH_END_REASON_KICKED, false)
	}
	s.user.app.due.clear(&s.alarm)
	delete(s.user.sessions, s.id)
	s.user.rememberEnd(s.id, why)
}

// comeBack is a sign of life by Heartbeat or Watch. It refuses a lost session whose place was taken.
func (s *session) comeBack(at int64) error {
	wasLost := s.state == lost
	if wasLost {
		for _, rule := range s.user.app.profile.SessionRules {
			if profile.Names(rule, s.platform) && len(s.counted(rule)) >= int(rule.MaxSessions) {
				s.over(pb.SessionEndReason_SESSION_END_REASON_KICKED)
				s.user.changed(at, false)
				return sessionEnded(pb.SessionEndReason_SESSION_END_REASON_KICKED)
			}
		}
	}
	s.renew(at)
	if wasLost {
		s.user.changed(at, false)
	}
	return nil
}

// counted are the other live sessions that a rule counts with this one, earliest login first.
func (s *session) counted(rule *pb.SessionRule) []*session {
	var others []*session
	for _, other := range s.user.live() {
		if other != s && profile.CountsTogether(rule, s.platform, other.platform) {
			others = append(others, other)
		}
	}
	return others
}

// makeRoom kicks the earliest logins that stand beyond a rule now that this session is live.
func (s *session) makeRoom() {
	for _, rule := range s.user.app.profile.SessionRules {
		if !profile.Names(rule, s.platform) {
			continue
		}
		others := s.counted(rule)
		for extra := len(others) + 1 - int(rule.MaxSessions); extra > 0; extra-- {
			others[0].over(pb.SessionEndReason_SESSION_END_REASON_KICKED)
			others = others[1:]
		}
	}
}
