// The connection, and the calls over it.

package main

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	v1 "userstatus_example/gen/userstatus/v1"
)

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
	// What the last one held goes by itself once nothing is under way on it.
	next := &http.Transport{IdleConnTimeout: time.Minute, HTTP2: &http.HTTP2Config{SendPingTimeout: 30 * time.Second}, Protocols: &http.Protocols{}}
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
	c.mu.Lock()
	most := c.info.Profile.GetSubscription().GetSubscribeBatchMax()
	c.mu.Unlock()
	for part := range slices.Chunk(ids, int(max(1, most))) {
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
			} else if row := result.GetSubscribed().GetSubscription(); admitted && row.GetGeneration() > c.ended[result.UserId] {
				c.foldRow(row)
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
