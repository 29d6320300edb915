package core

import (
	"strconv"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// Refusal is a call that is refused for a reason that the protocol names.
type Refusal struct {
	Reason   pb.ErrorReason
	Metadata map[string]string
	// RetryMillis is the delay of RetryInfo; zero: none.
	RetryMillis int64
}

func (r *Refusal) Error() string { return "refused: " + r.Reason.String() }

// Refuse makes a refusal; pairs are keys and values of its metadata.
func Refuse(reason pb.ErrorReason, pairs ...string) *Refusal {
	r := &Refusal{Reason: reason, Metadata: map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.Metadata[pairs[i]] = pairs[i+1]
	}
	return r
}

func invalidField(field string) *Refusal {
	return Refuse(pb.ErrorReason_ERROR_REASON_INVALID_FIELD, "field", field)
}

func tooLarge(field string, limit int32) *Refusal {
	return Refuse(pb.ErrorReason_ERROR_REASON_BATCH_TOO_LARGE, "field", field, "limit", strconv.Itoa(int(limit)))
}

func userNotFound() *Refusal { return Refuse(pb.ErrorReason_ERROR_REASON_USER_NOT_FOUND) }

func sessionEnded(why pb.SessionEndReason) *Refusal {
	return Refuse(pb.ErrorReason_ERROR_REASON_SESSION_ENDED,
		"end_reason", why.String()[len("SESSION_END_REASON_"):])
}

// ReasonName is a reason as it stands on the wire.
func ReasonName(reason pb.ErrorReason) string { return reason.String()[len("ERROR_REASON_"):] }

// userError is the failure of one user of a batch.
func (a *App) userError(reason pb.ErrorReason) *pb.UserError {
	e := &pb.UserError{Reason: ReasonName(reason)}
	if code, ok := a.profile.VendorCode(e.Reason); ok {
		e.Metadata = map[string]string{"vendor_code": strconv.Itoa(int(code))}
	}
	return e
}
