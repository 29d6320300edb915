// Package auth reads bearer tokens: who calls, of which app, in which role, and until when.
package auth

import (
	"errors"
	"strings"
	"time"

	"userstatus.dev/examples/server-go/internal/ids"
)

// The three ways in which authentication fails.
var (
	ErrMissing = errors.New("no bearer token")
	ErrInvalid = errors.New("the token can't be read or is not trusted")
	ErrExpired = errors.New("the token has run out")
)

// Principal is what a good token says.
type Principal struct {
	App   string
	User  string // empty for an app's backend
	Admin bool
	// Expires is when the token runs out, in milliseconds of wall time. Zero: never.
	Expires int64
}

// Verifier trusts the issuers that it is told of.
type Verifier struct {
	secret []byte
	dev    bool
	now    func() time.Time
}

// NewVerifier trusts HS256 JWTs of the secret, if there is one, and anybody's development tokens if dev is set.
func NewVerifier(secret string, dev bool) *Verifier {
	return &Verifier{secret: []byte(secret), dev: dev, now: time.Now}
}

// Header reads the value of an Authorization header.
func (v *Verifier) Header(header string) (*Principal, error) {
	scheme, token, _ := strings.Cut(strings.TrimSpace(header), " ")
	if token = strings.TrimSpace(token); !strings.EqualFold(scheme, "Bearer") || token == "" {
		return nil, ErrMissing
	}
	claims, err := v.claims(token)
	if err != nil {
		return nil, err
	}
	return v.principal(claims)
}

func (v *Verifier) claims(token string) (*claims, error) {
	if v.dev {
		if c, ok := devClaims(token); ok {
			return c, nil
		}
	}
	if len(v.secret) > 0 {
		return jwtClaims(token, v.secret)
	}
	return nil, ErrInvalid
}

func (v *Verifier) principal(c *claims) (*Principal, error) {
	if c.App == "" || len(c.App) > 128 {
		return nil, ErrInvalid
	}
	p := &Principal{App: c.App}
	switch {
	case c.Role == "admin":
		p.Admin = true
	case c.Role == "" || c.Role == "user":
		if !ids.ValidUser(c.Sub) {
			return nil, ErrInvalid
		}
		p.User = c.Sub
	default:
		return nil, ErrInvalid
	}
	if c.Exp != nil {
		p.Expires = int64(min(max(*c.Exp, 0), 1e11) * 1000)
		if v.now().UnixMilli() >= p.Expires {
			return nil, ErrExpired
		}
	}
	return p, nil
}
