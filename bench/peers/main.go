// Peers of the bench in Go: servers of others that do the same job, one change to many watchers.
//
//	peers grpc      grpc-go, each message encoded once (PreparedMsg)
//	peers connect   connect-go, over HTTP/1.1 and HTTP/2
//	peers nats      a NATS server
//
// Each prints {"url": …} when it listens. The first two then take lines "N BYTES" on standard input, and send N messages of that size, as fast
// as they can, to every open stream; that ends them, too.
package main

import (
	"bufio"
	"fmt"
	"os"
	"sync"
)

func main() {
	servers := map[string]func(*hub) string{"grpc": serveGrpc, "connect": serveConnect, "nats": serveNats}
	if len(os.Args) != 2 || servers[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "Usage: peers grpc|connect|nats")
		os.Exit(2)
	}
	hub := &hub{streams: map[chan batch]bool{}}
	fmt.Printf("{\"url\": %q}\n", servers[os.Args[1]](hub))
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var batch batch
		if _, err := fmt.Sscan(lines.Text(), &batch.count, &batch.size); err == nil {
			hub.send(batch)
		}
	}
}

// batch is so many messages of so many bytes.
type batch struct{ count, size int }

// hub knows the open streams.
type hub struct {
	mu      sync.Mutex
	streams map[chan batch]bool
}

// send hands a batch to every stream. A stream is never far behind: the bench waits for each round to arrive.
func (h *hub) send(batch batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for stream := range h.streams {
		stream <- batch
	}
}

func (h *hub) open() (stream chan batch, leave func()) {
	stream = make(chan batch, 64)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.streams[stream] = true
	return stream, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.streams, stream)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return value
}
