// Package core is the state of the apps: users, sessions, statuses, rows, watches. One lock for each app; every entry settles what is
// due before it reads or writes.
package core

import (
	"crypto/rand"
	"sync"
	"time"

	"userstatus.dev/examples/server-go/internal/ids"
	"userstatus.dev/examples/server-go/internal/profile"
)

// Config is what all apps of the server share.
type Config struct {
	Profile   *profile.Profile
	KeepAlive time.Duration
	// Users are those who are registered from the start. Nil: whoever logs in is registered by that.
	Users []string
}

// Server holds the apps. An app is there from the first good token that names it.
type Server struct {
	config   Config
	secret   []byte // signs page tokens
	mu       sync.Mutex
	apps     map[string]*App
	draining bool
}

// NewServer makes a server without apps.
func NewServer(config Config) *Server {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	return &Server{config: config, secret: secret, apps: map[string]*App{}}
}

// App gives an app by its id.
func (s *Server) App(id string) *App {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.apps[id]
	if a == nil {
		a = newApp(id, s.config, s.secret)
		a.draining = s.draining
		s.apps[id] = a
	}
	return a
}

// Drain ends every Watch, so that clients go elsewhere.
func (s *Server) Drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for _, a := range s.apps {
		a.drain()
	}
}

// App is one tenant.
type App struct {
	id      string
	profile *profile.Profile
	config  Config
	secret  []byte

	mu       sync.Mutex
	clock    clock
	due      alarms
	timer    *time.Timer
	epoch    string
	draining bool
	commit   int64 // counts changes; cursors are made of it
	gen      int64 // last generation of a row

	users    map[string]*user
	rowsTo   map[string]map[*user]*row     // rows by target
	friendOf map[string]map[*user]struct{} // users by friend

	features       features
	featuresCommit int64
}

func newApp(id string, config Config, secret []byte) *App {
	a := &App{
		id: id, profile: config.Profile, config: config, secret: secret,
		clock: newClock(), epoch: ids.New(), commit: 1, features: defaultFeatures,
		users: map[string]*user{}, rowsTo: map[string]map[*user]*row{}, friendOf: map[string]map[*user]struct{}{},
	}
	a.timer = time.AfterFunc(time.Hour, func() { a.enter(); a.leave() })
	now := a.clock.now()
	for _, id := range config.Users {
		a.register(a.record(id), now)
	}
	return a
}

// enter locks the app, settles it and tells the time.
func (a *App) enter() int64 {
	a.mu.Lock()
	now := a.clock.now()
	a.settle(now)
	return now
}

// leave sees to it that what falls due next happens also when nobody calls, and unlocks.
func (a *App) leave() {
	if len(a.due) > 0 && !a.clock.stopped {
		a.timer.Reset(time.Duration(max(1, a.due[0].at-a.clock.now())) * time.Millisecond)
	}
	a.mu.Unlock()
}

// settle applies every transition that is due, each at its own time, and those that they arm.
func (a *App) settle(now int64) {
	for alarm := a.due.next(now); alarm != nil; alarm = a.due.next(now) {
		alarm.fire(alarm.at)
	}
}

// tick counts a change.
func (a *App) tick() int64 {
	a.commit++
	return a.commit
}

// registry says whether the server knows who is registered; else everybody counts as registered.
func (a *App) registry() bool { return a.profile.Has("user_registry") }

func (a *App) registered(id string) bool {
	if !a.registry() {
		return true
	}
	u := a.users[id]
	return u != nil && u.registered
}

// record gives the record of a user, and makes it if there is none.
func (a *App) record(id string) *user {
	u := a.users[id]
	if u == nil {
		u = newUser(a, id)
		a.users[id] = u
	}
	return u
}
