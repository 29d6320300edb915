package rpc

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/durationpb"

	"userstatus.dev/examples/server-go/gen/userstatus/admin/v1/adminv1connect"
	"userstatus.dev/examples/server-go/gen/userstatus/testing/v1/testingv1connect"
	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/gen/userstatus/v1/userstatusv1connect"
	"userstatus.dev/examples/server-go/internal/auth"
	"userstatus.dev/examples/server-go/internal/core"
)

// mostBytes is the largest request; the specification allows a refusal from 128 KiB on and demands it above 4 MiB.
const mostBytes = 1 << 20

// transportClaims are what the server is whatever its profile.
var transportClaims = []string{
	"transport.connect", "transport.grpc", "transport.grpc_web", "codec.json", "http_get", "resume", "multi_app",
}

// Config says what is served.
type Config struct {
	Core      core.Config
	Verifier  *auth.Verifier
	Version   string
	Admin     bool
	TestClock bool
}

// Server is the services without their listeners.
type Server struct {
	config      Config
	core        *core.Server
	interceptor *interceptor
	draining    atomic.Bool
}

// NewServer makes the services.
func NewServer(config Config) *Server {
	s := &Server{config: config, core: core.NewServer(config.Core)}
	s.interceptor = &interceptor{verifier: config.Verifier, profile: config.Core.Profile, draining: &s.draining}
	return s
}

// Drain ends every Watch and refuses new calls.
func (s *Server) Drain() {
	s.draining.Store(true)
	s.core.Drain()
}

// Users serves UserStatusService.
func (s *Server) Users() http.Handler {
	mux := http.NewServeMux()
	mux.Handle(userstatusv1connect.NewUserStatusServiceHandler(&userService{server: s.core, info: s.info()}, s.options()...))
	return bounded(mux)
}

// Backend serves AdminService and TestingService, as far as they are on.
func (s *Server) Backend() http.Handler {
	mux := http.NewServeMux()
	if s.config.Admin {
		mux.Handle(adminv1connect.NewAdminServiceHandler(&adminService{s.core}, s.options()...))
	}
	if s.config.TestClock {
		mux.Handle(testingv1connect.NewTestingServiceHandler(&testingService{s.core}, s.options()...))
	}
	return bounded(mux)
}

func (s *Server) options() []connect.HandlerOption {
	return []connect.HandlerOption{
		connect.WithInterceptors(s.interceptor),
		connect.WithRecover(s.interceptor.recovered),
		connect.WithReadMaxBytes(mostBytes),
	}
}

func (s *Server) info() *pb.GetServerInfoResponse {
	claims := append(slices.Clone(transportClaims), s.config.Core.Profile.Claims...)
	info := &pb.GetServerInfoResponse{
		SpecVersion: "1.0", ServerName: "userstatus server-go", ServerVersion: s.config.Version,
		Profile: s.config.Core.Profile.Profile, KeepAliveInterval: durationpb.New(s.config.Core.KeepAlive),
	}
	if s.config.Admin {
		claims = append(claims, "admin")
	}
	if s.config.TestClock {
		claims = append(claims, "test_clock")
		info.TestClockScope = pb.ClockScope_CLOCK_SCOPE_APP
	}
	slices.Sort(claims)
	info.Claims = slices.Compact(claims)
	return info
}

// Longest that a request may take to come, and a frame of a Watch to go: neither a body without end nor a reader who never reads
// holds anything for good.
const (
	mostReading = 10 * time.Second
	mostWriting = 30 * time.Second
)

type controllerKey struct{}

func controller(ctx context.Context) *http.ResponseController {
	return ctx.Value(controllerKey{}).(*http.ResponseController)
}

// bounded sets the first of these bounds, hands over what sets the other, and keeps answers to GETs out of caches.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		controller := http.NewResponseController(w)
		controller.SetReadDeadline(time.Now().Add(mostReading))
		r = r.WithContext(context.WithValue(r.Context(), controllerKey{}, controller))
		if r.Method == http.MethodGet {
			w.Header().Set("Cache-Control", "no-store")
		}
		next.ServeHTTP(w, r)
	})
}

// HTTP gives an HTTP server for a handler: HTTP/1.1, and HTTP/2 with prior knowledge.
func HTTP(handler http.Handler) *http.Server {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		Handler: handler, Protocols: protocols, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 1000},
	}
}
