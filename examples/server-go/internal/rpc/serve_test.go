package rpc_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"userstatus.dev/examples/server-go/internal/auth"
	"userstatus.dev/examples/server-go/internal/core"
	"userstatus.dev/examples/server-go/internal/profile"
	"userstatus.dev/examples/server-go/internal/rpc"
)

func serveProfile(t *testing.T, name string) (user, admin string) {
	t.Helper()
	p, err := profile.Published(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	server := rpc.NewServer(rpc.Config{
		Core:     core.Config{Profile: p, KeepAlive: 15 * time.Second},
		Verifier: auth.NewVerifier("secret", true), Version: "test", Admin: true, TestClock: true,
	})
	listen := func(handler http.Handler) string {
		s := httptest.NewUnstartedServer(handler)
		s.Config = rpc.HTTP(handler)
		s.Start()
		t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
		return s.URL
	}
	return listen(server.Users()), listen(server.Backend())
}

// sign is the HS256 signature of the head of a JWT.
func sign(head string) string {
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(head[:len(head)-1]))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
