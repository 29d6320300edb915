// The session and its Watch: log in, keep the lease, keep a Watch open, come back. What is held is in fold.go, the calls are in calls.go.

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"
	rpc "userstatus_example/gen/google/rpc"
	v1 "userstatus_example/gen/userstatus/v1"
	"userstatus_example/gen/userstatus/v1/userstatusv1connect"
)

const callTimeout = 10 * time.Second

// waits are random up to a bound, which doubles with each try, and which a stream that was up for so long sets back.
type waits struct{ first, last, stable time.Duration }

var usualWaits = waits{500 * time.Millisecond, 30 * time.Second, 30 * time.Second}

// What the client knows. The loop that reads the stream folds it, and so do answers; the lock is for those of the driver.
type client struct {
	userstatusv1connect.UserStatusServiceClient
	way     *way
	waits   waits
	device  string
	say     func(string)           // prints a line
	tell    func(state, by string) // the connection state has changed
	ctx     context.Context        // ends with the client
	leave   context.CancelFunc
	beatNow chan struct{}
	renewed chan struct{} // there is a new session

	mu       sync.Mutex
	session  *v1.LoginResponse // nil: log in first
	info     *v1.GetServerInfoResponse
	epoch    string
	left     map[string]bool // the epochs before it: late answers of those do not count
	stream   string          // the epoch of the open stream
	cursor   []byte
	status   map[string]*v1.UserStatus
	row      map[string]int64 // generation of the row to each target
	ended    map[string]int64 // highest generation whose end was told: answers may come later than that
	named    *named           // since the Watch was called; nil under RESUMED
	self     *v1.UserStatus
	selfText string
	ready    bool // subscribed, and text set
	changes  int
}

func newClient(service userstatusv1connect.UserStatusServiceClient, way *way) *client {
	ctx, leave := context.WithCancel(context.Background())
	return &client{
		UserStatusServiceClient: service, way: way, waits: usualWaits, device: *device, ctx: ctx, leave: leave,
		say: func(line string) { fmt.Println(line) }, tell: func(_, _ string) {}, beatNow: make(chan struct{}, 1),
		renewed: make(chan struct{}, 1), left: map[string]bool{},
	}
}

// run logs in, and keeps a Watch open until it is done or has no reason to come back.
func (c *client) run() error {
	if err := c.login(); err != nil {
		return err
	}
	return c.keepUp()
}

func (c *client) keepUp() error {
	defer c.leave()
	go c.beat()
	for bound := c.waits.first; ; bound = min(2*bound, c.waits.last) {
		end, up, err := c.try()
		if up >= c.waits.stable {
			bound = c.waits.first
		}
		if c.ctx.Err() != nil {
			return nil
		}
		if up > 0 && end == nil {
			c.say("lost")
		}
		wait := rand.N(bound)
		switch {
		case end != nil && (!end.MayResume || end.Reason == v1.WatchEndReason_WATCH_END_REASON_KICKED):
			c.tell("DISCONNECTED", end.Reason.String())
			return errors.New("the Watch is over for good")
		case end != nil:
			// No less than the back-off, so that advice of 0 can't make it spin.
			least := end.MinDelay.AsDuration()
			wait = max(wait, least+rand.N(max(1, end.MaxDelay.AsDuration()-least)))
		default:
			if err := c.recover(err); err != nil {
				c.tell("DISCONNECTED", err.Error())
				return err
			}
		}
		if up > 0 {
			c.tell("RECONNECTING", "the stream is over")
		}
		select {
		case <-time.After(wait):
		case <-c.ctx.Done():
			return nil
		}
	}
}

// try logs in where that is due, and reads one stream to its end; up says for how long it was open.
func (c *client) try() (end *v1.WatchEnd, up time.Duration, err error) {
	if c.current() == "" {
		if err = c.login(); err != nil {
			return nil, 0, err
		}
	}
	return c.watch()
}

func (c *client) login() error {
	info, err := call(c.GetServerInfo, &v1.GetServerInfoRequest{})
	if err != nil {
		return err
	}
	session, err := call(c.Login, &v1.LoginRequest{DeviceId: c.device, Platform: v1.Platform_PLATFORM_LINUX})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.info, c.session = info, session
	c.say("login " + session.Self.Status.UserId)
	if c.admits(session.Epoch) {
		c.foldSelf(session.Self)
	}
	signal(c.renewed)
	return nil
}

// signal wakes who waits for it, now or later.
func signal(channel chan struct{}) {
	select {
	case channel <- struct{}{}:
	default: // it is on its way already
	}
}

// current is the id of the session; empty where there is none.
func (c *client) current() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.session.GetSessionId()
}

// beat renews the lease at each interval, soon after a failure, and when the server asks for it. One call at a time.
func (c *client) beat() {
	failures := 0
	for wait := time.Duration(0); ; {
		c.mu.Lock()
		interval := c.session.GetHeartbeatInterval().AsDuration()
		c.mu.Unlock()
		if wait == 0 || wait > interval {
			wait = interval
		}
		asked := false
		select {
		case <-c.ctx.Done():
			return
		case <-c.renewed:
			continue // in its interval
		case <-c.beatNow:
			asked = true
		case <-time.After(max(wait, 100*time.Millisecond)):
		}
		wait = 0
		id := c.current()
		if id == "" {
			continue // the login to come is a sign of life
		}
		if _, err := call(c.Heartbeat, &v1.HeartbeatRequest{SessionId: id}); err != nil {
			// At random, and ever rarer, so that a server that comes back is not met by everybody at once.
			failures = min(failures+1, 5)
			wait = rand.N(time.Second << failures)
			continue
		}
		if failures = 0; asked {
			c.say("heartbeat")
		}
	}
}

// watch reads one stream to its end.
func (c *client) watch() (end *v1.WatchEnd, up time.Duration, err error) {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	c.mu.Lock()
	silence := c.info.KeepAliveInterval.AsDuration() * 5 / 2
	c.stream, c.named = "", &named{map[string]bool{}, map[string]bool{}}
	request := &v1.WatchRequest{SessionId: c.session.SessionId, Cursor: c.cursor}
	c.mu.Unlock()
	watchdog := time.AfterFunc(silence, func() {
		cancel()
		c.way.renew()
	})
	defer watchdog.Stop()
	stream, err := c.Watch(ctx, connect.NewRequest(request))
	if err != nil {
		return nil, 0, err
	}
	defer stream.Close()
	var opened time.Time
	since := func() time.Duration {
		if opened.IsZero() {
			return 0
		}
		return time.Since(opened)
	}
	for stream.Receive() {
		for _, event := range stream.Msg().Events {
			if end := event.GetWatchEnd(); end != nil {
				c.say("watch-end " + strings.TrimPrefix(end.Reason.String(), "WATCH_END_REASON_"))
				return end, since(), nil
			}
			if hello := event.GetHello(); hello != nil {
				opened, silence = time.Now(), hello.KeepAliveInterval.AsDuration()*5/2
			}
			if err = c.take(event); err == nil && c.enough() {
				err = c.logout()
			}
			if err != nil || c.ctx.Err() != nil {
				return nil, since(), err
			}
		}
		watchdog.Reset(silence)
	}
	return nil, since(), stream.Err()
}

func (c *client) enough() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes >= *until
}

// recover says what a failure means, by its machine-read reason: nil is to come back, after a new login where that helps.
func (c *client) recover(err error) error {
	var refusal *connect.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, detail := range refusal.Details() {
		value, _ := detail.Value()
		info, ok := value.(*rpc.ErrorInfo)
		if !ok {
			continue
		}
		end := info.Metadata["end_reason"]
		switch {
		case info.Reason == "SESSION_NOT_FOUND", info.Reason == "SESSION_ENDED" && (end == "LINK_LOST" || end == "DECAYED"):
			c.session = nil
			return nil
		case info.Reason == "MALFORMED_CURSOR":
			c.cursor = nil
			return nil
		case info.Reason == "NO_OPEN_WATCH", info.Reason == "SESSION_LOST":
			return nil // the Watch ended while a call was on its way: the next one brings everything back
		}
	}
	switch refusal.Code() {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeFailedPrecondition:
		return err
	}
	return nil
}
