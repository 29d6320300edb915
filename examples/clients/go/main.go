// A client of the User Status Protocol on connect-go. docs/clients.md defines what it takes and prints.
package main

import (
	"flag"
	"fmt"
	"math"
	"net/http"
	"os"

	"userstatus_example/gen/userstatus/v1/userstatusv1connect"
)

var (
	url    = flag.String("url", "http://127.0.0.1:8080", "address of the server")
	token  = flag.String("token", "", "bearer token of the user")
	device = flag.String("device", "example", "names this device; the same one again is the same session")
	text   = flag.String("text", "", "custom status to set")
	until  = flag.Int("until", math.MaxInt, "log out after so many changes")
	ids    = flag.String("subscribe", "", "user ids, with commas between them")
	driven = flag.Bool("driver", false, "take commands from stdin, as docs/client-contract.md has them; all other options are left out")
)

func main() {
	flag.Parse()
	if *driven {
		drive()
		return
	}
	way := newWay(*token)
	// A Timeout of this http.Client would end the Watch.
	service := userstatusv1connect.NewUserStatusServiceClient(&http.Client{Transport: way}, *url)
	if err := newClient(service, way).run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
