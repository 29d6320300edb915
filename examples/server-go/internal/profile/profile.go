// Package profile loads, scales and checks profiles: one set of limits and behaviours, as data.
package profile

import (
	"embed"
	"fmt"
	"os"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	pb "userstatus.dev/examples/server-go/gen/userstatus/v1"
)

//go:embed data/*.json
var published embed.FS

// Profile is an advertised profile with the answers that the rules need.
type Profile struct {
	*pb.Profile
}

// Published gives one of the profiles of proto/profiles by name.
func Published(name string) (*Profile, error) {
	data, err := published.ReadFile("data/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("no published profile %q", name)
	}
	return parse(data)
}

// File reads a profile from a JSON file.
func File(path string) (*Profile, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(data)
}

func parse(data []byte) (*Profile, error) {
	p := &pb.Profile{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(data, p); err != nil {
		return nil, err
	}
	fill(p)
	return &Profile{p}, nil
}

// fill sets the submessages that a file left out, so that nobody needs to ask.
func fill(p *pb.Profile) {
	if p.CustomStatus == nil {
		p.CustomStatus = &pb.CustomStatusRules{}
	}
	if p.Subscription == nil {
		p.Subscription = &pb.SubscriptionRules{}
	}
	if p.Query == nil {
		p.Query = &pb.QueryRules{}
	}
	if p.Status == nil {
		p.Status = &pb.StatusRules{}
	}
}

// Has says whether the profile makes a claim.
func (p *Profile) Has(claim string) bool { return slices.Contains(p.Claims, claim) }

// Known turns a platform number without a name into OTHER.
func Known(platform pb.Platform) pb.Platform {
	if _, ok := pb.Platform_name[int32(platform)]; !ok {
		return pb.Platform_PLATFORM_OTHER
	}
	return platform
}

// Liveness is the rule that holds for a platform: the first that names it, else the one that names none.
func (p *Profile) Liveness(platform pb.Platform) *pb.LivenessRule {
	platform = Known(platform)
	for _, rule := range p.Profile.Liveness {
		if len(rule.Platforms) == 0 || slices.Contains(rule.Platforms, platform) {
			return rule
		}
	}
	return p.Profile.Liveness[len(p.Profile.Liveness)-1]
}

// CountsTogether says whether a session rule that holds for platform a counts a session on platform b with it.
func CountsTogether(rule *pb.SessionRule, a, b pb.Platform) bool {
	a, b = Known(a), Known(b)
	if rule.PerPlatform {
		return a == b && Names(rule, a)
	}
	return Names(rule, a) && Names(rule, b)
}

// Names says whether a session rule holds for a platform.
func Names(rule *pb.SessionRule, platform pb.Platform) bool {
	return len(rule.Platforms) == 0 || slices.Contains(rule.Platforms, Known(platform))
}

// SessionRoom is how many sessions could live at once under the session rules, at least 64.
func (p *Profile) SessionRoom() int {
	room := 0
	for _, rule := range p.SessionRules {
		times := 1
		if rule.PerPlatform {
			if times = len(rule.Platforms); times == 0 {
				times = len(pb.Platform_name) - 1
			}
		}
		room += times * int(rule.MaxSessions)
	}
	return max(64, room)
}

// VendorCode is the vendor's number of a reason.
func (p *Profile) VendorCode(reason string) (int32, bool) {
	code, ok := p.GetVendorNumbers().GetCodes()[reason]
	return code, ok
}

// Millis is a duration in whole milliseconds; unset is 0.
func Millis(d interface{ AsDuration() time.Duration }) int64 {
	return d.AsDuration().Milliseconds()
}
