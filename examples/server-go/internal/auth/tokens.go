package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
)

type claims struct {
	App  string   `json:"app"`
	Sub  string   `json:"sub"`
	Role string   `json:"role"`
	Exp  *float64 `json:"exp"`
}

// devClaims reads `dev:APP:USER`, `dev@EXPIRY:APP:USER` with seconds since 1970, and `dev-admin:APP`.
func devClaims(token string) (*claims, bool) {
	kind, rest, _ := strings.Cut(token, ":")
	if kind == "dev-admin" {
		return &claims{App: rest, Role: "admin"}, true
	}
	app, user, ok := strings.Cut(rest, ":")
	c := &claims{App: app, Sub: user}
	if expiry, dated := strings.CutPrefix(kind, "dev@"); dated {
		seconds, err := strconv.ParseFloat(expiry, 64)
		c.Exp = &seconds
		return c, ok && err == nil
	}
	return c, ok && kind == "dev"
}

// jwtClaims reads a JWT that is signed with HS256.
func jwtClaims(token string, secret []byte) (*claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, ErrInvalid
	}
	var header struct {
		Alg string `json:"alg"`
	}
	if err := decodePart(parts[0], &header); err != nil || header.Alg != "HS256" {
		return nil, ErrInvalid
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(parts[0] + "." + parts[1]))
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !hmac.Equal(signature, mac.Sum(nil)) {
		return nil, ErrInvalid
	}
	c := &claims{}
	if err := decodePart(parts[1], c); err != nil {
		return nil, ErrInvalid
	}
	return c, nil
}

func decodePart(part string, into any) error {
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
