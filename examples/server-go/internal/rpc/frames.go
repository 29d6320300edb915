package rpc

import (
	"google.golang.org/protobuf/proto"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

// frameBytes is where a frame is cut; the specification allows 1 MiB.
const frameBytes = 128 << 10

// frames cuts events into frames.
func frames(events []*pb.WatchEvent) []*pb.WatchResponse {
	var all []*pb.WatchResponse
	size := frameBytes + 1
	for _, event := range events {
		bytes := proto.Size(event) + 8 // tag and length
		if size+bytes > frameBytes {
			all = append(all, &pb.WatchResponse{})
			size = 0
		}
		frame := all[len(all)-1]
		frame.Events = append(frame.Events, event)
		size += bytes
	}
	return all
}
