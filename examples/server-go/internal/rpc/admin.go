package rpc

import (
	"context"

	"connectrpc.com/connect"

	adminpb "userstatus.dev/examples/server-go/gen/userstatus/admin/v1"
	testingpb "userstatus.dev/examples/server-go/gen/userstatus/testing/v1"
	"userstatus.dev/examples/server-go/internal/core"
)

// adminService is AdminService.
type adminService struct{ server *core.Server }

// testingService is TestingService.
type testingService struct{ server *core.Server }

// run runs one method of the core for the backend's app.
func run[Req, Res any](
	ctx context.Context, s *core.Server, req *connect.Request[Req], method func(*core.App, *Req) (*Res, error),
) (*connect.Response[Res], error) {
	answer, err := method(s.App(principal(ctx).App), req.Msg)
	if err != nil {
		return nil, err
	}
	return connect.NewResponse(answer), nil
}

func (s *adminService) RegisterUsers(
	ctx context.Context, req *connect.Request[adminpb.RegisterUsersRequest],
) (*connect.Response[adminpb.RegisterUsersResponse], error) {
	return run(ctx, s.server, req, (*core.App).RegisterUsers)
}

func (s *adminService) DeleteUsers(
	ctx context.Context, req *connect.Request[adminpb.DeleteUsersRequest],
) (*connect.Response[adminpb.DeleteUsersResponse], error) {
	return run(ctx, s.server, req, (*core.App).DeleteUsers)
}

func (s *adminService) SetFriends(
	ctx context.Context, req *connect.Request[adminpb.SetFriendsRequest],
) (*connect.Response[adminpb.SetFriendsResponse], error) {
	return run(ctx, s.server, req, (*core.App).SetFriends)
}

func (s *adminService) GetFeatures(
	ctx context.Context, _ *connect.Request[adminpb.GetFeaturesRequest],
) (*connect.Response[adminpb.GetFeaturesResponse], error) {
	return connect.NewResponse(s.server.App(principal(ctx).App).GetFeatures()), nil
}

func (s *adminService) UpdateFeatures(
	ctx context.Context, req *connect.Request[adminpb.UpdateFeaturesRequest],
) (*connect.Response[adminpb.UpdateFeaturesResponse], error) {
	return run(ctx, s.server, req, (*core.App).UpdateFeatures)
}

func (s *adminService) EndSessions(
	ctx context.Context, req *connect.Request[adminpb.EndSessionsRequest],
) (*connect.Response[adminpb.EndSessionsResponse], error) {
	return run(ctx, s.server, req, (*core.App).EndSessions)
}

func (s *adminService) QueryStatuses(
	ctx context.Context, req *connect.Request[adminpb.QueryStatusesRequest],
) (*connect.Response[adminpb.QueryStatusesResponse], error) {
	return run(ctx, s.server, req, (*core.App).AdminQuery)
}

func (s *testingService) GetClock(
	ctx context.Context, _ *connect.Request[testingpb.GetClockRequest],
) (*connect.Response[testingpb.GetClockResponse], error) {
	return connect.NewResponse(s.server.App(principal(ctx).App).GetClock()), nil
}

func (s *testingService) AdvanceClock(
	ctx context.Context, req *connect.Request[testingpb.AdvanceClockRequest],
) (*connect.Response[testingpb.AdvanceClockResponse], error) {
	return run(ctx, s.server, req, (*core.App).AdvanceClock)
}

func (s *testingService) ChangeEpoch(
	ctx context.Context, _ *connect.Request[testingpb.ChangeEpochRequest],
) (*connect.Response[testingpb.ChangeEpochResponse], error) {
	return connect.NewResponse(s.server.App(principal(ctx).App).ChangeEpoch()), nil
}
