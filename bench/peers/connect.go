package main

import (
	"context"
	"net"
	"net/http"

	"connectrpc.com/connect"
)

// connectCodec stands in for protobuf, for ready bytes.
type connectCodec struct{}

func (connectCodec) Name() string { return "proto" }

func (connectCodec) Marshal(message any) ([]byte, error) { return message.(*raw).bytes, nil }

func (connectCodec) Unmarshal(data []byte, message any) error {
	message.(*raw).bytes = append([]byte(nil), data...)
	return nil
}

func serveConnect(hub *hub) string {
	const path = "/userstatus.v1.UserStatusService/Watch"
	watch := func(ctx context.Context, _ *connect.Request[raw], stream *connect.ServerStream[raw]) error {
		mine, leave := hub.open()
		defer leave()
		for {
			select {
			case <-ctx.Done():
				return nil
			case batch := <-mine:
				message := &raw{make([]byte, batch.size)}
				for range batch.count {
					if err := stream.Send(message); err != nil {
						return err
					}
				}
			}
		}
	}
	mux := http.NewServeMux()
	mux.Handle(path, connect.NewServerStreamHandler(path, watch, connect.WithCodec(connectCodec{})))
	server := &http.Server{Handler: mux, Protocols: &http.Protocols{}}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go server.Serve(listener)
	return "http://" + listener.Addr().String()
}
