// A client of the User Status Protocol on connect-go. docs/clients.md defines what it takes and prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	rpc "userstatus_example/gen/google/rpc"
	v1 "userstatus_example/gen/userstatus/v1"
	"userstatus_example/gen/userstatus/v1/userstatusv1connect"
)

const (
	callTimeout = 10 * time.Second
	firstBound  = 500 * time.Millisecond // of the wait before the next try; doubles with each
	lastBound   = 30 * time.Second       // and a stream that was up for so long sets it back
)

var (
	url    = flag.String("url", "http://127.0.0.1:8080", "address of the server")
	token  = flag.String("token", "", "bearer token of the user")
	device = flag.String("device", "example", "names this device; the same one again is the same session")
	text   = flag.String("text", "", "custom status to set")
	until  = flag.Int("until", math.MaxInt, "log out after so many changes")
	ids    = flag.String("subscribe", "", "user ids, with commas between them")
)

// What the client knows. The loop that reads the stream owns it, and folds answers there, too.
type client struct {
	userstatusv1connect.UserStatusServiceClient
	way      *way
	session  *v1.LoginResponse
	beatNow  chan struct{}
	epoch    string
	cursor   []byte
	silence  time.Duration    // longest that a living stream keeps
	revision map[string]int64 // of each target's status
	row      map[string]int64 // generation of the row to each target
	snapshot map[string]bool  // targets that a snapshot named so far; nil under RESUMED
	selfRev  int64
	selfText string
	open     bool // the stream has begun
	ready    bool // subscribed, and text set
	changes  int
	done     bool
}

func main() {
	flag.Parse()
	way := &way{}
	way.renew()
	// A Timeout of this http.Client would end the Watch.
	service := userstatusv1connect.NewUserStatusServiceClient(&http.Client{Transport: way}, *url)
	if err := (&client{UserStatusServiceClient: service, way: way, beatNow: make(chan struct{}, 1)}).run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// way is the connection to the server, and puts the token on what goes over it.
type way struct {
	transport atomic.Pointer[http.Transport]
}

func (w *way) RoundTrip(request *http.Request) (*http.Response, error) {
	request.Header.Set("Authorization", "Bearer "+*token)
	return w.transport.Load().RoundTrip(request)
}

// renew lets a connection go that has fallen silent: over the same one, the next Watch would hear nothing either.
func (w *way) renew() {
	next := &http.Transport{HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second}, Protocols: &http.Protocols{}}
	next.Protocols.SetHTTP2(true)
	next.Protocols.SetUnencryptedHTTP2(true)
	if last := w.transport.Swap(next); last != nil {
		last.CloseIdleConnections()
	}
}

// call makes a unary call with a deadline of its own; a Watch must have none.
func call[I, O any](method func(context.Context, *connect.Request[I]) (*connect.Response[O], error), input *I) (*O, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	answer, err := method(ctx, connect.NewRequest(input))
	if err != nil {
		return nil, err
	}
	return answer.Msg, nil
}

// run keeps a Watch open until it is done or has no reason to come back.
func (c *client) run() error {
	if err := c.login(); err != nil {
		return err
	}
	go c.beat()
	for bound := firstBound; ; bound = min(2*bound, lastBound) {
		opened := time.Now()
		end, err := c.watch()
		if time.Since(opened) > lastBound {
			bound = firstBound
		}
		if c.done {
			return nil
		}
		if c.open && end == nil {
			fmt.Println("lost")
		}
		wait := rand.N(bound)
		switch {
		case end != nil && !end.MayResume:
			return errors.New("the Watch is over for good")
		case end != nil:
			wait = end.MinDelay.AsDuration() + rand.N(max(1, end.MaxDelay.AsDuration()-end.MinDelay.AsDuration()))
		default:
			if err := c.recover(err); err != nil {
				return err
			}
		}
		time.Sleep(wait)
	}
}

func (c *client) login() (err error) {
	c.session, err = call(c.Login, &v1.LoginRequest{DeviceId: *device, Platform: v1.Platform_PLATFORM_LINUX})
	if err != nil {
		return err
	}
	fmt.Println("login", c.session.Self.Status.UserId)
	c.enter(c.session.Epoch)
	c.foldSelf(c.session.Self)
	return nil
}

// beat renews the lease at each interval, soon after a failure, and when the server asks for it. One call at a time.
func (c *client) beat() {
	for wait := c.session.HeartbeatInterval.AsDuration(); ; {
		asked := false
		select {
		case <-c.beatNow:
			asked = true
		case <-time.After(wait):
		}
		wait = c.session.HeartbeatInterval.AsDuration()
		if _, err := call(c.Heartbeat, &v1.HeartbeatRequest{SessionId: c.session.SessionId}); err != nil {
			wait = min(wait, time.Second)
		} else if asked {
			fmt.Println("heartbeat")
		}
	}
}

// watch reads one stream to its end.
func (c *client) watch() (*v1.WatchEnd, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	watchdog := time.AfterFunc(callTimeout, func() {
		cancel()
		c.way.renew()
	})
	defer watchdog.Stop()
	c.open = false
	request := &v1.WatchRequest{SessionId: c.session.SessionId, Cursor: c.cursor}
	stream, err := c.Watch(ctx, connect.NewRequest(request))
	if err != nil {
		return nil, err
	}
	for stream.Receive() {
		for _, event := range stream.Msg().Events {
			if end := event.GetWatchEnd(); end != nil {
				fmt.Println("watch-end", strings.TrimPrefix(end.Reason.String(), "WATCH_END_REASON_"))
				return end, nil
			}
			if err = c.take(event); err == nil && c.changes >= *until {
				err = c.logout()
			}
			if err != nil || c.done {
				return nil, err
			}
		}
		watchdog.Reset(c.silence)
	}
	return nil, stream.Err()
}

// take does what one event asks for. Events that it does not know are left out.
func (c *client) take(event *v1.WatchEvent) error {
	switch e := event.Event.(type) {
	case *v1.WatchEvent_Hello:
		c.open, c.silence, c.snapshot = true, e.Hello.KeepAliveInterval.AsDuration()*5/2, nil
		fmt.Println("hello", strings.TrimPrefix(e.Hello.ResumeResult.String(), "RESUME_RESULT_"))
		c.enter(e.Hello.Epoch)
		if e.Hello.ResumeResult == v1.ResumeResult_RESUME_RESULT_RESET {
			c.snapshot = map[string]bool{}
		}
	case *v1.WatchEvent_Status:
		c.foldStatus(e.Status)
	case *v1.WatchEvent_Self:
		c.foldSelf(e.Self)
	case *v1.WatchEvent_Subscribed:
		c.foldRow(e.Subscribed)
	case *v1.WatchEvent_SubscriptionEnded:
		c.foldEnd(e.SubscriptionEnded)
	case *v1.WatchEvent_Progress:
		c.cursor = e.Progress.Cursor
		if e.Progress.HeartbeatRequested {
			select {
			case c.beatNow <- struct{}{}:
			default: // asked already
			}
		}
	case *v1.WatchEvent_SnapshotEnd:
		c.cursor = e.SnapshotEnd.Cursor
		c.dropUnnamed()
		return c.prepare()
	case *v1.WatchEvent_Synced:
		fmt.Println("synced")
	}
	return nil
}

// prepare subscribes and sets the text, once, and asks for a marker behind all that.
func (c *client) prepare() error {
	if !c.ready && *ids != "" {
		request := &v1.SubscribeRequest{SessionId: c.session.SessionId, UserIds: strings.Split(*ids, ",")}
		answer, err := call(c.Subscribe, request)
		if err != nil {
			return err
		}
		c.enter(answer.Epoch)
		for _, result := range answer.Results {
			if failure := result.GetError(); failure != nil {
				fmt.Println("failed", result.UserId, failure.Reason)
			} else {
				c.foldRow(result.GetSubscribed().GetSubscription())
				c.foldStatus(result.GetSubscribed().GetStatus())
			}
		}
	}
	if !c.ready && *text != "" {
		request := &v1.SetCustomStatusRequest{SessionId: c.session.SessionId, CustomStatus: &v1.CustomStatusInput{Text: *text}}
		answer, err := call(c.SetCustomStatus, request)
		if err != nil {
			return err
		}
		c.enter(answer.Epoch)
		c.foldSelf(answer.Self)
	}
	c.ready = true
	_, err := call(c.Sync, &v1.SyncRequest{SessionId: c.session.SessionId, Marker: "ready"})
	return err
}

func (c *client) logout() error {
	_, err := call(c.Logout, &v1.LogoutRequest{SessionId: c.session.SessionId})
	if err == nil {
		fmt.Println("bye")
		c.done = true
	}
	return err
}

// enter drops what is held of another epoch: its revisions say nothing here.
func (c *client) enter(epoch string) {
	if epoch != c.epoch {
		c.epoch, c.cursor, c.selfRev = epoch, nil, -1
		c.revision, c.row = map[string]int64{}, map[string]int64{}
	}
}

// foldStatus lets the highest revision win, wherever it came from.
func (c *client) foldStatus(status *v1.UserStatus) {
	id := status.UserId
	c.note(id)
	if held, ok := c.revision[id]; ok && held >= status.Revision {
		return
	}
	c.revision[id] = status.Revision
	word := strings.ToLower(strings.TrimPrefix(status.OnlineStatus.String(), "ONLINE_STATUS_"))
	c.change(strings.ReplaceAll(word, "_", "-") + " " + id + quoted(status.CustomStatus.GetText()))
}

func (c *client) foldRow(row *v1.Subscription) {
	c.note(row.UserId)
	if row.Generation > c.row[row.UserId] {
		c.row[row.UserId] = row.Generation
		fmt.Println("subscribed", row.UserId)
	}
}

func (c *client) foldEnd(end *v1.SubscriptionEnded) {
	if end.Generation < c.row[end.UserId] {
		return
	}
	delete(c.row, end.UserId)
	if !end.StillVisible {
		delete(c.revision, end.UserId)
	}
	c.change("ended " + end.UserId + " " + strings.TrimPrefix(end.Reason.String(), "SUBSCRIPTION_END_REASON_"))
}

// foldSelf compares with oneself only: this view has revisions of its own.
func (c *client) foldSelf(self *v1.SelfStatus) {
	if self.Status.Revision <= c.selfRev {
		return
	}
	c.selfRev = self.Status.Revision
	if text := self.Status.CustomStatus.GetText(); text != c.selfText {
		c.selfText = text
		fmt.Println("self" + quoted(text))
	}
}

func (c *client) change(line string) {
	c.changes++
	fmt.Println(line)
}

func (c *client) note(id string) {
	if c.snapshot != nil {
		c.snapshot[id] = true
	}
}

// dropUnnamed ends a snapshot: what it did not name is gone.
func (c *client) dropUnnamed() {
	for id := range c.revision {
		if c.snapshot != nil && !c.snapshot[id] {
			delete(c.revision, id)
			delete(c.row, id)
		}
	}
	c.snapshot = nil
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return ` "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// recover says what a failure means, by its machine-read reason: nil is to come back, after a new login where that helps.
func (c *client) recover(err error) error {
	var refusal *connect.Error
	if !errors.As(err, &refusal) {
		return nil
	}
	for _, detail := range refusal.Details() {
		value, _ := detail.Value()
		info, ok := value.(*rpc.ErrorInfo)
		if !ok {
			continue
		}
		end := info.Metadata["end_reason"]
		switch {
		case info.Reason == "SESSION_NOT_FOUND", info.Reason == "SESSION_ENDED" && (end == "LINK_LOST" || end == "DECAYED"):
			return c.login()
		case info.Reason == "MALFORMED_CURSOR":
			c.cursor = nil
			return nil
		}
	}
	switch refusal.Code() {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeFailedPrecondition:
		return err
	}
	return nil
}
