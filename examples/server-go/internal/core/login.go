package core

import (
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/ids"
)

// Caller is a user with a good token.
type Caller struct {
	User      string
	TokenEnds int64 // wall time in milliseconds; 0: never
}

// Login starts a session or goes on with the one of the device.
func (a *App) Login(c Caller, req *pb.LoginRequest) (*pb.LoginResponse, error) {
	now := a.enter()
	defer a.leave()
	if !ids.ValidDevice(req.DeviceId) {
		return nil, invalidField("device_id")
	}
	if req.Platform == pb.Platform_PLATFORM_UNSPECIFIED {
		return nil, invalidField("platform")
	}
	text := req.CustomStatus.GetText()
	ttl, err := a.textTTL(req.CustomStatus)
	if err != nil {
		return nil, err
	}
	if a.registry() && a.config.Users != nil && !a.registered(c.User) {
		return nil, userNotFound()
	}
	if err := a.gate("Login", false); err != nil {
		return nil, err
	}
	if text != "" {
		if err := a.gate("SetCustomStatus", false); err != nil {
			return nil, err
		}
	}
	u := a.record(c.User)
	if err := u.count("Login", false, now); err != nil {
		return nil, err
	}
	a.register(u, now)
	s := u.login(req.DeviceId, req.Platform, now)
	s.noteToken(c.TokenEnds)
	if text != "" {
		u.setText(text, ends(now, ttl), now)
	}
	u.changed(now, text != "")
	rule := s.rule()
	return &pb.LoginResponse{
		SessionId: s.id, Epoch: a.epoch, Self: u.self, Lease: rule.Lease, HeartbeatInterval: rule.HeartbeatInterval,
		ServerTime: stamp(now), TokenExpireTime: stamp(s.tokenEnds),
	}, nil
}

// login makes the device's session live.
func (u *user) login(device string, platform pb.Platform, at int64) *session {
	u.everIn = true
	for _, s := range u.sessions {
		if s.device != device {
			continue
		}
		wasLost := s.state == lost
		s.platform = platform
		s.renew(at)
		if wasLost {
			s.makeRoom()
		}
		return s
	}
	u.logins++
	s := &session{user: u, id: ids.New(), device: device, platform: platform, loginAt: at, order: u.logins}
	s.alarm.fire = s.fall
	u.sessions[s.id] = s
	s.renew(at)
	s.makeRoom()
	return s
}

// Logout ends a session at once.
func (a *App) Logout(c Caller, req *pb.LogoutRequest) (*pb.LogoutResponse, error) {
	now := a.enter()
	defer a.leave()
	s, err := a.find(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	if err := s.user.admit("Logout", false, now); err != nil {
		return nil, err
	}
	s.over(pb.SessionEndReason_SESSION_END_REASON_LOGGED_OUT)
	s.user.changed(now, false)
	return &pb.LogoutResponse{Epoch: a.epoch, Self: s.user.self}, nil
}

// Heartbeat is a sign of life.
func (a *App) Heartbeat(c Caller, req *pb.HeartbeatRequest) (*pb.HeartbeatResponse, error) {
	now := a.enter()
	defer a.leave()
	s, err := a.find(c.User, req.SessionId)
	if err != nil {
		return nil, err
	}
	if err := s.user.admit("Heartbeat", false, now); err != nil {
		return nil, err
	}
	if err := s.comeBack(now); err != nil {
		return nil, err
	}
	s.noteToken(c.TokenEnds)
	return &pb.HeartbeatResponse{Lease: s.rule().Lease, ServerTime: stamp(now), TokenExpireTime: stamp(s.tokenEnds)}, nil
}
