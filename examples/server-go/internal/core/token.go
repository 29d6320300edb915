package core

import (
	"time"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// noteToken extends the session's token; it never goes back. Expiry is wall time in milliseconds; 0: never.
func (s *session) noteToken(ends int64) {
	if !s.tokenIsRead || ends == 0 || s.tokenEnds != 0 && ends > s.tokenEnds {
		s.tokenIsRead, s.tokenEnds = true, ends
	}
	s.armToken()
}

// armToken lets an open Watch end with the token.
func (s *session) armToken() {
	if s.tokenTimer != nil {
		s.tokenTimer.Stop()
		s.tokenTimer = nil
	}
	if s.watch != nil && s.tokenEnds != 0 {
		// Far ends are looked at again on the way: beyond 292 years a Duration has no room for them.
		left := min(max(time.Until(time.UnixMilli(s.tokenEnds)), 0), 24*time.Hour)
		s.tokenTimer = time.AfterFunc(left+time.Millisecond, s.tokenRanOut)
	}
}

func (s *session) tokenRanOut() {
	now := s.user.app.enter()
	defer s.user.app.leave()
	switch {
	case s.watch == nil || s.tokenEnds == 0:
	case time.Now().UnixMilli() < s.tokenEnds:
		s.armToken()
	default:
		s.endWatch(pb.WatchEndReason_WATCH_END_REASON_TOKEN_EXPIRED, true)
		s.loseLink(now)
	}
}
