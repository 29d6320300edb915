package rpc

import (
	"context"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/core"
)

// userService is UserStatusService.
type userService struct {
	server *core.Server
	info   *pb.GetServerInfoResponse
}

// call runs one method of the core for the caller's app.
func call[Req, Res any](
	ctx context.Context, s *core.Server, req *connect.Request[Req], method func(*core.App, core.Caller, *Req) (*Res, error),
) (*connect.Response[Res], error) {
	answer, err := method(s.App(principal(ctx).App), caller(ctx), req.Msg)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(answer), nil
}

func (u *userService) GetServerInfo(
	ctx context.Context, _ *connect.Request[pb.GetServerInfoRequest],
) (*connect.Response[pb.GetServerInfoResponse], error) {
	now := time.Now()
	if p := principal(ctx); p != nil {
		now = u.server.App(p.App).Now()
	}
	return connect.NewResponse(&pb.GetServerInfoResponse{
		SpecVersion: u.info.SpecVersion, ServerName: u.info.ServerName, ServerVersion: u.info.ServerVersion,
		Claims: u.info.Claims, Profile: u.info.Profile, TestClockScope: u.info.TestClockScope,
		KeepAliveInterval: u.info.KeepAliveInterval, ServerTime: timestamppb.New(now.Truncate(time.Millisecond)),
	}), nil
}

func (u *userService) Login(ctx context.Context, req *connect.Request[pb.LoginRequest]) (*connect.Response[pb.LoginResponse], error) {
	return call(ctx, u.server, req, (*core.App).Login)
}

func (u *userService) Logout(ctx context.Context, req *connect.Request[pb.LogoutRequest]) (*connect.Response[pb.LogoutResponse], error) {
	return call(ctx, u.server, req, (*core.App).Logout)
}

func (u *userService) Heartbeat(
	ctx context.Context, req *connect.Request[pb.HeartbeatRequest],
) (*connect.Response[pb.HeartbeatResponse], error) {
	return call(ctx, u.server, req, (*core.App).Heartbeat)
}

func (u *userService) SetCustomStatus(
	ctx context.Context, req *connect.Request[pb.SetCustomStatusRequest],
) (*connect.Response[pb.SetCustomStatusResponse], error) {
	return call(ctx, u.server, req, (*core.App).SetCustomStatus)
}

func (u *userService) QueryStatuses(
	ctx context.Context, req *connect.Request[pb.QueryStatusesRequest],
) (*connect.Response[pb.QueryStatusesResponse], error) {
	return call(ctx, u.server, req, (*core.App).QueryStatuses)
}

func (u *userService) Subscribe(
	ctx context.Context, req *connect.Request[pb.SubscribeRequest],
) (*connect.Response[pb.SubscribeResponse], error) {
	return call(ctx, u.server, req, (*core.App).Subscribe)
}

func (u *userService) Unsubscribe(
	ctx context.Context, req *connect.Request[pb.UnsubscribeRequest],
) (*connect.Response[pb.UnsubscribeResponse], error) {
	return call(ctx, u.server, req, (*core.App).Unsubscribe)
}

func (u *userService) ListSubscriptions(
	ctx context.Context, req *connect.Request[pb.ListSubscriptionsRequest],
) (*connect.Response[pb.ListSubscriptionsResponse], error) {
	return call(ctx, u.server, req, (*core.App).ListSubscriptions)
}

func (u *userService) Sync(ctx context.Context, req *connect.Request[pb.SyncRequest]) (*connect.Response[pb.SyncResponse], error) {
	return call(ctx, u.server, req, (*core.App).Sync)
}

// Watch sends what the core has for the session until one side ends the stream.
func (u *userService) Watch(ctx context.Context, req *connect.Request[pb.WatchRequest], stream *connect.ServerStream[pb.WatchResponse]) error {
	w, err := u.server.App(principal(ctx).App).OpenWatch(caller(ctx), req.Msg)
	if err != nil {
		return err
	}
	defer w.Closed()
	// A send may block on a reader who is gone; the link is lost all the same.
	stop := context.AfterFunc(ctx, w.Closed)
	defer stop()
	controller(ctx).SetReadDeadline(time.Time{})
	return pump(ctx, w, stream, u.info.KeepAliveInterval.AsDuration()*3/4)
}

func pump(ctx context.Context, w *core.Watch, stream *connect.ServerStream[pb.WatchResponse], silence time.Duration) error {
	timer := time.NewTimer(silence)
	defer timer.Stop()
	for {
		alive := false
		select {
		case <-ctx.Done():
			return nil
		case <-w.Wake():
		case <-timer.C:
			alive = true
		}
		events, done := w.Take(alive)
		for _, frame := range frames(events) {
			controller(ctx).SetWriteDeadline(time.Now().Add(mostWriting))
			if err := stream.Send(frame); err != nil {
				return err
			}
		}
		if done {
			return nil
		}
		if alive || len(events) > 0 {
			timer.Reset(silence)
		}
	}
}
