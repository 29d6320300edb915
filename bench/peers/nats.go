package main

import (
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func serveNats(*hub) string {
	// Its pings would be counted as what was sent.
	options := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoLog: true, NoSigs: true, PingInterval: time.Hour}
	nats := must(server.NewServer(options))
	nats.Start()
	if !nats.ReadyForConnections(10 * time.Second) {
		os.Exit(1)
	}
	return "nats://" + nats.Addr().String()
}
