package rpc_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/gen/userstatus/v1/userstatusv1connect"
)

func h2c() *http.Client {
	protocols := &http.Protocols{}
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

func with[T any](token string, message *T) *connect.Request[T] {
	req := connect.NewRequest(message)
	if token != "" {
		req.Header().Set("Authorization", "Bearer "+token)
	}
	return req
}

// dated is a development token with an expiry.
func dated(user string, expires time.Time) string {
	return fmt.Sprintf("dev@%.3f:app:%s", float64(expires.UnixMilli())/1000, user)
}

func TestTransports(t *testing.T) {
	url, _ := serveProfile(t, "standard")
	cases := map[string]struct {
		http    *http.Client
		options []connect.ClientOption
	}{
		"connect":      {http.DefaultClient, nil},
		"connect json": {http.DefaultClient, []connect.ClientOption{connect.WithProtoJSON()}},
		"connect h2c":  {h2c(), nil},
		"connect get":  {http.DefaultClient, []connect.ClientOption{connect.WithHTTPGet()}},
		"grpc":         {h2c(), []connect.ClientOption{connect.WithGRPC()}},
		"grpc-web":     {http.DefaultClient, []connect.ClientOption{connect.WithGRPCWeb()}},
		"grpc-web h2c": {h2c(), []connect.ClientOption{connect.WithGRPCWeb()}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			client := userstatusv1connect.NewUserStatusServiceClient(c.http, url, c.options...)
			token := "dev:app:" + strings.ReplaceAll(name, " ", "_")
			login, err := client.Login(ctx, with(token, &pb.LoginRequest{DeviceId: "d", Platform: 1}))
			if err != nil {
				t.Fatal(err)
			}
			session := login.Msg.SessionId
			query := &pb.QueryStatusesRequest{SessionId: session, UserIds: []string{"nobody"}}
			if _, err := client.QueryStatuses(ctx, with(token, query)); err != nil {
				t.Fatal(err)
			}
			_, err = client.QueryStatuses(ctx, with("", query))
			if connect.CodeOf(err) != connect.CodeUnauthenticated || len(err.(*connect.Error).Details()) != 1 {
				t.Error(err)
			}
			watch, err := client.Watch(ctx, with(token, &pb.WatchRequest{SessionId: session}))
			if err != nil || !watch.Receive() || watch.Msg().Events[0].GetHello() == nil {
				t.Fatal(err, watch.Err())
			}
			if _, err := client.Logout(ctx, with(token, &pb.LogoutRequest{SessionId: session})); err != nil {
				t.Fatal(err)
			}
			var last *pb.WatchEvent
			for watch.Receive() {
				last = watch.Msg().Events[len(watch.Msg().Events)-1]
			}
			if watch.Err() != nil || last.GetWatchEnd().GetReason() != pb.WatchEndReason_WATCH_END_REASON_LOGGED_OUT {
				t.Error(watch.Err(), last)
			}
		})
	}
}

func TestTokenRunsOutUnderTheWatch(t *testing.T) {
	url, _ := serveProfile(t, "standard")
	client := userstatusv1connect.NewUserStatusServiceClient(http.DefaultClient, url)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	begin := time.Now()
	first, second := dated("alice", begin.Add(time.Second)), dated("alice", begin.Add(2*time.Second))
	login, err := client.Login(ctx, with(first, &pb.LoginRequest{DeviceId: "d", Platform: 1}))
	if err != nil {
		t.Fatal(err)
	}
	watch, err := client.Watch(ctx, with(first, &pb.WatchRequest{SessionId: login.Msg.SessionId}))
	if err != nil || !watch.Receive() {
		t.Fatal(err)
	}
	beat, err := client.Heartbeat(ctx, with(second, &pb.HeartbeatRequest{SessionId: login.Msg.SessionId}))
	if err != nil || beat.Msg.TokenExpireTime.AsTime().UnixMilli() != begin.Add(2*time.Second).UnixMilli() {
		t.Fatal(err, beat)
	}
	var end *pb.WatchEnd
	for watch.Receive() {
		end = watch.Msg().Events[len(watch.Msg().Events)-1].GetWatchEnd()
	}
	if end.GetReason() != pb.WatchEndReason_WATCH_END_REASON_TOKEN_EXPIRED || !end.GetMayResume() || time.Since(begin) < 2*time.Second {
		t.Error(end, watch.Err(), time.Since(begin))
	}
	_, err = client.Heartbeat(ctx, with(second, &pb.HeartbeatRequest{SessionId: login.Msg.SessionId}))
	if connect.CodeOf(err) != connect.CodeUnauthenticated {
		t.Error(err)
	}
}

func TestClientsEndIsNoticed(t *testing.T) {
	url, _ := serveProfile(t, "zim") // no grace
	for name, transport := range map[string]*http.Client{"h1": {Transport: &http.Transport{}}, "h2c": h2c()} {
		client := userstatusv1connect.NewUserStatusServiceClient(transport, url)
		login, err := client.Login(t.Context(), with("dev:app:"+name, &pb.LoginRequest{DeviceId: "d", Platform: 1}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		watch, err := client.Watch(ctx, with("dev:app:"+name, &pb.WatchRequest{SessionId: login.Msg.SessionId}))
		if err != nil || !watch.Receive() {
			t.Fatal(err)
		}
		cancel()
		time.Sleep(300 * time.Millisecond)
		_, err = client.ListSubscriptions(t.Context(), with("dev:app:"+name, &pb.ListSubscriptionsRequest{SessionId: login.Msg.SessionId}))
		if err == nil || !strings.Contains(err.Error(), "SESSION_LOST") {
			t.Error(name, err)
		}
	}
}

func TestSizes(t *testing.T) {
	url, _ := serveProfile(t, "standard")
	for size, want := range map[int]string{128<<10 - 40: "SESSION_NOT_FOUND", 4<<20 + 1: "resource_exhausted"} {
		body := `{"sessionId":"x","unknown":"` + strings.Repeat("a", size) + `"}`
		_, answer := post(t, http.DefaultClient, url+"/userstatus.v1.UserStatusService/Heartbeat", "dev:app:alice", body)
		if answer["message"] != want && answer["code"] != want {
			t.Error(size, answer)
		}
	}
}

func TestAuthentication(t *testing.T) {
	url, admin := serveProfile(t, "zim")
	service := url + "/userstatus.v1.UserStatusService/"
	for _, c := range []struct{ url, token, want string }{
		{service + "Heartbeat", "", "TOKEN_MISSING"},
		{service + "Heartbeat", "nonsense", "TOKEN_INVALID"},
		{service + "Heartbeat", "dev:app:no user", "TOKEN_INVALID"},
		{service + "GetServerInfo", "nonsense", "TOKEN_INVALID"},
		{service + "Heartbeat", dated("alice", time.Now().Add(-time.Second)), "TOKEN_EXPIRED"},
		{service + "Heartbeat", "dev-admin:app", "WRONG_ROLE"},
		{service + "Heartbeat", "dev:app:a:b", "SESSION_NOT_FOUND"},
		{admin + "/userstatus.admin.v1.AdminService/GetFeatures", "dev:app:alice", "WRONG_ROLE"},
		{admin + "/userstatus.testing.v1.TestingService/GetClock", "dev:app:alice", "WRONG_ROLE"},
	} {
		if _, answer := post(t, http.DefaultClient, c.url, c.token, "{}"); answer["message"] != c.want {
			t.Error(c.url, c.token, answer)
		}
	}
	// {"app":"app","sub":"alice"}, signed with "secret".
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJhcHAiOiJhcHAiLCJzdWIiOiJhbGljZSJ9."
	if _, answer := post(t, http.DefaultClient, service+"Heartbeat", jwt+sign(jwt), "{}"); answer["message"] != "SESSION_NOT_FOUND" {
		t.Error(answer)
	}
	if _, answer := post(t, http.DefaultClient, service+"Heartbeat", jwt+sign("other."), "{}"); answer["message"] != "TOKEN_INVALID" {
		t.Error(answer)
	}
}
