// Command server-go is a server of the User Status Protocol: in memory, one process.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"userstatus.dev/examples/server-go/internal/auth"
	"userstatus.dev/examples/server-go/internal/core"
	"userstatus.dev/examples/server-go/internal/ids"
	"userstatus.dev/examples/server-go/internal/profile"
	"userstatus.dev/examples/server-go/internal/rpc"
)

const version = "1.0.0"

// drainTime is how long open calls have after the streams were ended.
const drainTime = 3 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := serve(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "server-go:", err)
		os.Exit(1)
	}
}

type options struct {
	listen, adminListen      string
	profileName, profileFile string
	users, jwtSecret         string
	noAdmin, noTestClock     bool
	dev                      bool
	scale                    float64
	keepAlive                time.Duration
}

func parse(args []string) (*options, error) {
	o, flags := &options{}, flag.NewFlagSet("server-go", flag.ContinueOnError)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`address` of the user service; port 0: any")
	flags.StringVar(&o.adminListen, "admin-listen", "127.0.0.1:8081", "`address` of the admin and testing services")
	flags.StringVar(&o.profileName, "profile", "standard", "`name` of a published profile")
	flags.StringVar(&o.profileFile, "profile-file", "", "profile as a JSON `file`, in place of --profile")
	flags.StringVar(&o.users, "users", "", "`file` of the registered users' ids, one a line; without it, whoever logs in is registered")
	flags.StringVar(&o.jwtSecret, "jwt-secret", "", "`secret` of HS256 JWTs")
	flags.BoolVar(&o.dev, "dev", false, "trust development tokens: anybody may be anybody")
	flags.BoolVar(&o.noAdmin, "no-admin", false, "no admin service")
	flags.BoolVar(&o.noTestClock, "no-test-clock", false, "no testing service")
	flags.Float64Var(&o.scale, "scale-durations", 1, "`factor` for every duration of the profile")
	flags.DurationVar(&o.keepAlive, "keep-alive", 15*time.Second, "longest silence of a Watch")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.jwtSecret == "" && !o.dev:
		return nil, errors.New("no token would be good: give --jwt-secret or --dev")
	case o.scale <= 0 || o.keepAlive < 10*time.Millisecond:
		return nil, errors.New("--scale-durations must be above 0 and --keep-alive at least 10ms")
	}
	return o, nil
}

func (o *options) config() (rpc.Config, error) {
	config := rpc.Config{
		Verifier: auth.NewVerifier(o.jwtSecret, o.dev), Version: version,
		Admin: !o.noAdmin, TestClock: !o.noTestClock,
	}
	p, err := profile.Published(o.profileName)
	if o.profileFile != "" {
		p, err = profile.File(o.profileFile)
	}
	if err != nil {
		return config, err
	}
	p.Scale(o.scale)
	if err := p.Check(); err != nil {
		return config, err
	}
	config.Core = core.Config{Profile: p, KeepAlive: o.keepAlive}
	if o.users != "" {
		config.Core.Users, err = readUsers(o.users)
	}
	return config, err
}

func readUsers(path string) ([]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	users := []string{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		id := strings.TrimSpace(lines.Text())
		if id == "" {
			continue
		}
		if !ids.ValidUser(id) {
			return nil, fmt.Errorf("%s: %q is no user id", path, id)
		}
		users = append(users, id)
	}
	return users, lines.Err()
}

func serve(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	config, err := o.config()
	if err != nil {
		return err
	}
	server := rpc.NewServer(config)
	failed := make(chan error, 2)
	start := func(address string, handler http.Handler) (*http.Server, string, error) {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			return nil, "", err
		}
		s := rpc.HTTP(handler)
		go func() { failed <- s.Serve(listener) }()
		return s, "http://" + listener.Addr().String(), nil
	}
	users, url, err := start(o.listen, server.Users())
	if err != nil {
		return err
	}
	servers, adminURL := []*http.Server{users}, ""
	if config.Admin || config.TestClock {
		backend, url, err := start(o.adminListen, server.Backend())
		if err != nil {
			return err
		}
		servers, adminURL = append(servers, backend), url
	}
	printAddresses(config, url, adminURL)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	slog.Info("draining")
	server.Drain()
	return shutDown(servers)
}

// printAddresses writes one line of JSON for whoever started the server, a person or a program.
func printAddresses(config rpc.Config, url, adminURL string) {
	addresses := map[string]string{"url": url}
	if config.Admin {
		addresses["adminUrl"] = adminURL
	}
	if config.TestClock {
		addresses["testingUrl"] = adminURL
	}
	line, _ := json.Marshal(addresses)
	fmt.Println(string(line))
}

func shutDown(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			_ = s.Close() // readers who are too slow to be told
		}
	}
	return nil
}
