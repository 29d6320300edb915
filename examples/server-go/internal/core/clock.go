package core

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// clock is the time of one app in milliseconds. It follows the wall until a test stops it.
type clock struct {
	started time.Time // with its monotonic reading: the clock never goes back
	stopped bool
	stood   int64
}

func newClock() clock { return clock{started: time.Now()} }

func (c *clock) now() int64 {
	if c.stopped {
		return c.stood
	}
	return c.started.Add(time.Since(c.started)).UnixMilli()
}

// stamp is a time on the wire; zero is unset.
func stamp(millis int64) *timestamppb.Timestamp {
	if millis == 0 {
		return nil
	}
	return timestamppb.New(time.UnixMilli(millis))
}

// span is a duration on the wire.
func span(millis int64) *durationpb.Duration {
	return durationpb.New(time.Duration(millis) * time.Millisecond)
}
