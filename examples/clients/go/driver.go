// With --driver the conformance suite drives this client: docs/client-contract.md has the commands and their answers.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	v1 "userstatus_example/gen/userstatus/v1"
	"userstatus_example/gen/userstatus/v1/userstatusv1connect"
)

type command struct {
	ID                               int
	Op, URL, Protocol, Token, Device string
	Users                            []string
	Text                             string
	Backoff                          struct{ BaseMs, MaxMs, StableMs int }
}

type object = map[string]any

var (
	// The connection state that was told last.
	connection atomic.Value
	out        = json.NewEncoder(os.Stdout)
	outMutex   sync.Mutex
)

func write(line object) {
	outMutex.Lock()
	defer outMutex.Unlock()
	out.Encode(line)
}

// drive answers each command as it is done: those that take long hold up no other.
func drive() {
	var client *client
	var opening command
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			panic(err)
		}
		if c.Op == "open" {
			opening = c
		}
		// A client is for one login only.
		if c.Op == "open" || c.Op == "login" && client.ctx.Err() != nil {
			client = open(opening)
		}
		client := client
		go func() {
			ok, err := c.run(client)
			if err != nil {
				write(object{"id": c.ID, "error": object{"code": connect.CodeOf(err).String(), "message": err.Error()}})
			} else {
				write(object{"id": c.ID, "ok": ok})
			}
		}()
	}
}

func open(c command) *client {
	way := newWay(c.Token)
	options := map[string][]connect.ClientOption{"grpc": {connect.WithGRPC()}, "grpc-web": {connect.WithGRPCWeb()}}
	service := userstatusv1connect.NewUserStatusServiceClient(&http.Client{Transport: way}, c.URL, options[c.Protocol]...)
	client := newClient(service, way)
	connection.Store("DISCONNECTED")
	client.device, client.say = c.Device, func(string) {}
	client.waits = waits{millis(c.Backoff.BaseMs), millis(c.Backoff.MaxMs), millis(c.Backoff.StableMs)}
	client.tell = func(state, by string) {
		connection.Store(state)
		write(object{"event": "connection", "state": state, "cause": by})
	}
	return client
}

func millis(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }

func (c command) run(client *client) (object, error) {
	switch c.Op {
	case "hello":
		return object{
			"contract": 1, "client": "examples/clients/go", "protocols": []string{"connect", "grpc", "grpc-web"}, "ops": []string{"setText"},
		}, nil
	case "open":
		return object{}, nil
	case "login":
		client.tell("CONNECTING", "login was called")
		if err := client.login(); err != nil {
			client.tell("DISCONNECTED", err.Error())
			return nil, err
		}
		go client.keepUp()
		return object{}, nil
	case "subscribe":
		failed, err := client.subscribe(c.Users)
		return object{"failed": append([]string{}, failed...)}, err
	case "setText":
		return object{}, client.setText(c.Text)
	case "state":
		return client.belief(), nil
	case "logout":
		err := client.logout()
		client.tell("DISCONNECTED", "logout was called")
		return object{}, err
	case "close":
		if client != nil {
			client.leave()
		}
		return object{}, nil
	}
	return nil, errors.New("no command " + c.Op)
}

// belief is what the client holds.
func (c *client) belief() object {
	c.mu.Lock()
	defer c.mu.Unlock()
	statuses, rows := object{}, object{}
	for id, status := range c.status {
		statuses[id] = held(status)
	}
	for id, generation := range c.row {
		rows[id] = object{"generation": generation}
	}
	belief := object{"connection": connection.Load(), "statuses": statuses, "subscriptions": rows}
	if c.self != nil {
		belief["self"] = held(c.self)
	}
	return belief
}

func held(status *v1.UserStatus) object {
	online := strings.TrimPrefix(status.OnlineStatus.String(), "ONLINE_STATUS_")
	return object{"revision": status.Revision, "online": online, "text": status.CustomStatus.GetText()}
}
