// A client of the User Status Protocol on connect-go. docs/clients.md defines what it takes and prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

var (
	url    = flag.String("url", "http://127.0.0.1:8080", "address of the server")
	token  = flag.String("token", "", "bearer token of the user")
	device = flag.String("device", "example", "names this device; the same one again is the same session")
	text   = flag.String("text", "", "custom status to set")
	until  = flag.Int("until", math.MaxInt, "log out after so many changes")
	ids    = flag.String("subscribe", "", "user ids, with commas between them")
	driven = flag.Bool("driver", false, "take commands from stdin, as docs/client-contract.md has them; all other options are left out")
)

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
	left     string // the epoch before it: late answers of that one do not count
	stream   string // the epoch of the open stream
	cursor   []byte
	status   map[string]*v1.UserStatus
	row      map[string]int64 // generation of the row to each target
	snapshot map[string]bool  // targets that were named since the Watch was called; nil under RESUMED
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
		renewed: make(chan struct{}, 1),
	}
}

func main() {
	flag.Parse()
	if *driven {
		drive()
		return
	}
	way := newWay(*token)
	// A Timeout of this http.Client would end the Watch.
	service := userstatusv1connect.NewUserStatusServiceClient(&http.Client{Transport: way}, *url)
	if err := newClient(service, way).run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// way is the connection to the server, and puts the token on what goes over it.
type way struct {
	token     string
	transport atomic.Pointer[http.Transport]
}

func newWay(token string) *way {
	way := &way{token: token}
	way.renew()
	return way
}

func (w *way) RoundTrip(request *http.Request) (*http.Response, error) {
	request.Header.Set("Authorization", "Bearer "+w.token)
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
			wait = time.Second
		} else if asked {
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
	c.stream, c.snapshot = "", map[string]bool{}
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

// take does what one event asks for. Events that it does not know are left out.
func (c *client) take(event *v1.WatchEvent) error {
	if c.fold(event) {
		return c.prepare()
	}
	return nil
}

func (c *client) enough() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changes >= *until
}

// fold puts one event into what is held, and says whether a snapshot is complete with it.
func (c *client) fold(event *v1.WatchEvent) (complete bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if hello := event.GetHello(); hello != nil {
		c.say("hello " + strings.TrimPrefix(hello.ResumeResult.String(), "RESUME_RESULT_"))
		c.tell("CONNECTED", "the stream has begun")
		c.enter(hello.Epoch)
		c.stream = hello.Epoch
		if hello.ResumeResult == v1.ResumeResult_RESUME_RESULT_RESUMED {
			c.snapshot = nil
		}
		return false
	}
	if c.stream != c.epoch {
		return false // an answer told a newer epoch: this stream will end soon
	}
	switch e := event.Event.(type) {
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
			signal(c.beatNow)
		}
	case *v1.WatchEvent_SnapshotEnd:
		c.cursor = e.SnapshotEnd.Cursor
		c.dropUnnamed()
		return true
	case *v1.WatchEvent_Synced:
		c.say("synced")
	}
	return false
}

// prepare subscribes and sets the text, once, and asks for a marker behind all that.
func (c *client) prepare() error {
	if *driven {
		return nil
	}
	if !c.ready && *ids != "" {
		if _, err := c.subscribe(strings.Split(*ids, ",")); err != nil {
			return err
		}
	}
	if !c.ready && *text != "" {
		if err := c.setText(*text); err != nil {
			return err
		}
	}
	c.ready = true
	_, err := call(c.Sync, &v1.SyncRequest{SessionId: c.current(), Marker: "ready"})
	return err
}

// subscribe answers the users that failed. Batches are cut as the server advertises.
func (c *client) subscribe(ids []string) (failed []string, err error) {
	for part := range slices.Chunk(ids, int(max(1, c.info.Profile.GetSubscription().GetSubscribeBatchMax()))) {
		answer, err := call(c.Subscribe, &v1.SubscribeRequest{SessionId: c.current(), UserIds: part})
		if err != nil {
			return failed, err
		}
		c.mu.Lock()
		admitted := c.admits(answer.Epoch)
		for _, result := range answer.Results {
			if failure := result.GetError(); failure != nil {
				c.say("failed " + result.UserId + " " + failure.Reason)
				failed = append(failed, result.UserId)
			} else if admitted {
				c.foldRow(result.GetSubscribed().GetSubscription())
				c.foldStatus(result.GetSubscribed().GetStatus())
			}
		}
		c.mu.Unlock()
	}
	return failed, nil
}

func (c *client) setText(text string) error {
	request := &v1.SetCustomStatusRequest{SessionId: c.current(), CustomStatus: &v1.CustomStatusInput{Text: text}}
	answer, err := call(c.SetCustomStatus, request)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.admits(answer.Epoch) {
		c.foldSelf(answer.Self)
	}
	return nil
}

func (c *client) logout() error {
	_, err := call(c.Logout, &v1.LogoutRequest{SessionId: c.current()})
	if err == nil {
		c.say("bye")
		c.leave()
	}
	return err
}

// admits says whether an answer of this epoch counts, and enters an epoch that is new.
func (c *client) admits(epoch string) bool {
	if epoch == c.left {
		return false
	}
	c.enter(epoch)
	return true
}

// enter drops what is held of another epoch: its revisions say nothing here.
func (c *client) enter(epoch string) {
	if epoch != c.epoch {
		c.left, c.epoch, c.cursor, c.self = c.epoch, epoch, nil, nil
		c.status, c.row = map[string]*v1.UserStatus{}, map[string]int64{}
	}
}

// foldStatus lets the highest revision win, wherever it came from.
func (c *client) foldStatus(status *v1.UserStatus) {
	id := status.UserId
	c.note(id)
	if held, ok := c.status[id]; ok && held.Revision >= status.Revision {
		return
	}
	c.status[id] = status
	word := strings.ToLower(strings.TrimPrefix(status.OnlineStatus.String(), "ONLINE_STATUS_"))
	c.change(strings.ReplaceAll(word, "_", "-") + " " + id + quoted(status.CustomStatus.GetText()))
}

func (c *client) foldRow(row *v1.Subscription) {
	c.note(row.UserId)
	if row.Generation > c.row[row.UserId] {
		c.row[row.UserId] = row.Generation
		c.say("subscribed " + row.UserId)
	}
}

func (c *client) foldEnd(end *v1.SubscriptionEnded) {
	if end.Generation < c.row[end.UserId] {
		return
	}
	delete(c.row, end.UserId)
	if !end.StillVisible {
		delete(c.status, end.UserId)
	}
	c.change("ended " + end.UserId + " " + strings.TrimPrefix(end.Reason.String(), "SUBSCRIPTION_END_REASON_"))
}

// foldSelf compares with oneself only: this view has revisions of its own.
func (c *client) foldSelf(self *v1.SelfStatus) {
	if c.self != nil && self.Status.Revision <= c.self.Revision {
		return
	}
	text := c.selfText
	c.self, c.selfText = self.Status, self.Status.CustomStatus.GetText()
	if text != c.selfText {
		c.say("self" + quoted(c.selfText))
	}
}

func (c *client) change(line string) {
	c.changes++
	c.say(line)
}

func (c *client) note(id string) {
	if c.snapshot != nil {
		c.snapshot[id] = true
	}
}

// dropUnnamed ends a snapshot: what was not named since the Watch was called is gone.
func (c *client) dropUnnamed() {
	if c.snapshot == nil {
		return
	}
	unnamed := func(id string) bool { return !c.snapshot[id] }
	maps.DeleteFunc(c.status, func(id string, _ *v1.UserStatus) bool { return unnamed(id) })
	maps.DeleteFunc(c.row, func(id string, _ int64) bool { return unnamed(id) })
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
		}
	}
	switch refusal.Code() {
	case connect.CodeUnauthenticated, connect.CodePermissionDenied, connect.CodeInvalidArgument, connect.CodeFailedPrecondition:
		return err
	}
	return nil
}
