// Package rpc puts the core on the wire: authentication, errors, handlers.
package rpc

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"connectrpc.com/connect"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/gen/userstatus/v1/userstatusv1connect"
	"userstatus.dev/examples/server-go/internal/auth"
	"userstatus.dev/examples/server-go/internal/core"
	"userstatus.dev/examples/server-go/internal/profile"
)

type principalKey struct{}

// principal is who calls; nil at GetServerInfo without a token.
func principal(ctx context.Context) *auth.Principal {
	p, _ := ctx.Value(principalKey{}).(*auth.Principal)
	return p
}

func caller(ctx context.Context) core.Caller {
	p := principal(ctx)
	return core.Caller{User: p.User, TokenEnds: p.Expires}
}

// interceptor checks who calls before anything else, and gives every refusal its form on the wire.
type interceptor struct {
	verifier *auth.Verifier
	profile  *profile.Profile
	draining *atomic.Bool
}

// WrapUnary is for connect.
func (i *interceptor) WrapUnary(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		ctx, err := i.admit(ctx, req.Spec().Procedure, req.Header().Get("Authorization"))
		if err != nil {
			return nil, i.wire(err)
		}
		answer, err := next(ctx, req)
		if err != nil {
			return nil, i.wire(err)
		}
		return answer, nil
	}
}

// WrapStreamingHandler is for connect.
func (i *interceptor) WrapStreamingHandler(next connect.StreamingHandlerFunc) connect.StreamingHandlerFunc {
	return func(ctx context.Context, conn connect.StreamingHandlerConn) error {
		ctx, err := i.admit(ctx, conn.Spec().Procedure, conn.RequestHeader().Get("Authorization"))
		if err == nil {
			err = next(ctx, conn)
		}
		return i.wire(err)
	}
}

// WrapStreamingClient is for connect; there is no client here.
func (i *interceptor) WrapStreamingClient(next connect.StreamingClientFunc) connect.StreamingClientFunc {
	return next
}

// admit authenticates the call and checks that the role fits.
func (i *interceptor) admit(ctx context.Context, procedure, header string) (context.Context, error) {
	p, err := i.verifier.Header(header)
	open := procedure == userstatusv1connect.UserStatusServiceGetServerInfoProcedure
	switch {
	case errors.Is(err, auth.ErrMissing) && open:
		return ctx, nil
	case errors.Is(err, auth.ErrMissing):
		return nil, core.Refuse(pb.ErrorReason_ERROR_REASON_TOKEN_MISSING)
	case errors.Is(err, auth.ErrExpired):
		return nil, core.Refuse(pb.ErrorReason_ERROR_REASON_TOKEN_EXPIRED)
	case err != nil:
		return nil, core.Refuse(pb.ErrorReason_ERROR_REASON_TOKEN_INVALID)
	}
	forUsers := strings.HasPrefix(procedure, "/"+userstatusv1connect.UserStatusServiceName+"/")
	switch {
	case open:
	case forUsers == p.Admin:
		return nil, core.Refuse(pb.ErrorReason_ERROR_REASON_WRONG_ROLE)
	case i.draining.Load():
		return nil, core.Draining()
	}
	return context.WithValue(ctx, principalKey{}, p), nil
}
