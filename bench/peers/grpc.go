package main

import (
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
)

// raw is a message that is bytes already.
type raw struct{ bytes []byte }

// codec stands in for protobuf, for ready bytes.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(message any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(message.(*raw).bytes)}, nil
}

func (codec) Unmarshal(data mem.BufferSlice, message any) error {
	message.(*raw).bytes = data.Materialize()
	return nil
}

func serveGrpc(hub *hub) string {
	encoding.RegisterCodecV2(codec{})
	server := grpc.NewServer(grpc.MaxConcurrentStreams(1000), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if err := stream.RecvMsg(&raw{}); err != nil {
			return err
		}
		mine, leave := hub.open()
		defer leave()
		for {
			select {
			case <-stream.Context().Done():
				return nil
			case batch := <-mine:
				message, err := prepared(stream, batch.size)
				if err != nil {
					return err
				}
				for range batch.count {
					if err := stream.SendMsg(message); err != nil {
						return err
					}
				}
			}
		}
	}))
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go server.Serve(listener)
	return "http://" + listener.Addr().String()
}

var (
	ready      = map[int]*grpc.PreparedMsg{}
	readyMutex sync.Mutex
)

// prepared encodes a message of this size once, for all streams.
func prepared(stream grpc.ServerStream, size int) (*grpc.PreparedMsg, error) {
	readyMutex.Lock()
	defer readyMutex.Unlock()
	if ready[size] == nil {
		message := &grpc.PreparedMsg{}
		if err := message.Encode(stream, &raw{make([]byte, size)}); err != nil {
			return nil, err
		}
		ready[size] = message
	}
	return ready[size], nil
}
