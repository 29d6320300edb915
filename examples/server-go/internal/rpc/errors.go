package rpc

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
	"userstatus.dev/examples/server-go/internal/core"
)

var codes = map[pb.ErrorReason]connect.Code{
	pb.ErrorReason_ERROR_REASON_INVALID_FIELD:          connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_INVALID_USER_ID:        connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_BATCH_TOO_LARGE:        connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_BATCH_EMPTY:            connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_CUSTOM_STATUS_TOO_LONG: connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_TTL_OUT_OF_RANGE:       connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_TTL_NOT_SUPPORTED:      connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_MALFORMED_CURSOR:       connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_MALFORMED_PAGE_TOKEN:   connect.CodeInvalidArgument,
	pb.ErrorReason_ERROR_REASON_TOKEN_MISSING:          connect.CodeUnauthenticated,
	pb.ErrorReason_ERROR_REASON_TOKEN_INVALID:          connect.CodeUnauthenticated,
	pb.ErrorReason_ERROR_REASON_TOKEN_EXPIRED:          connect.CodeUnauthenticated,
	pb.ErrorReason_ERROR_REASON_WRONG_ROLE:             connect.CodePermissionDenied,
	pb.ErrorReason_ERROR_REASON_PLAN_REQUIRED:          connect.CodePermissionDenied,
	pb.ErrorReason_ERROR_REASON_FEATURE_DISABLED:       connect.CodeFailedPrecondition,
	pb.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND:      connect.CodeFailedPrecondition,
	pb.ErrorReason_ERROR_REASON_SESSION_LOST:           connect.CodeFailedPrecondition,
	pb.ErrorReason_ERROR_REASON_SESSION_ENDED:          connect.CodeFailedPrecondition,
	pb.ErrorReason_ERROR_REASON_NO_OPEN_WATCH:          connect.CodeFailedPrecondition,
	pb.ErrorReason_ERROR_REASON_RATE_LIMITED:           connect.CodeResourceExhausted,
	pb.ErrorReason_ERROR_REASON_TOO_MANY_MARKERS:       connect.CodeResourceExhausted,
	pb.ErrorReason_ERROR_REASON_DRAINING:               connect.CodeUnavailable,
	pb.ErrorReason_ERROR_REASON_USER_NOT_FOUND:         connect.CodeNotFound,
	pb.ErrorReason_ERROR_REASON_INTERNAL:               connect.CodeInternal,
}

// wire gives a refusal its code and details. Other errors are connect's own, or those of a broken stream.
func (i *interceptor) wire(err error) error {
	var refusal *core.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	name := core.ReasonName(refusal.Reason)
	metadata := maps.Clone(refusal.Metadata)
	if code, ok := i.profile.VendorCode(name); ok {
		metadata["vendor_code"] = strconv.Itoa(int(code))
	}
	wired := connect.NewError(codes[refusal.Reason], errors.New(name))
	attach(wired, &errdetails.ErrorInfo{Reason: name, Domain: "userstatus", Metadata: metadata})
	if refusal.RetryMillis > 0 {
		delay := time.Duration(refusal.RetryMillis) * time.Millisecond
		attach(wired, &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	}
	return wired
}

func attach(err *connect.Error, message proto.Message) {
	if detail, failed := connect.NewErrorDetail(message); failed == nil {
		err.AddDetail(detail)
	}
}

// recovered turns a panic of a handler into INTERNAL.
func (i *interceptor) recovered(_ context.Context, spec connect.Spec, _ http.Header, fault any) error {
	slog.Error("handler panicked", "procedure", spec.Procedure, "fault", fault)
	return i.wire(core.Refuse(pb.ErrorReason_ERROR_REASON_INTERNAL))
}
