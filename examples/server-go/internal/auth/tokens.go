package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

type claims struct {
	App  string   `json:"app"`
	Sub  string   `json:"sub"`
	Role string   `json:"role"`
	Exp  *float64 `json:"exp"`
}

// devClaims reads `dev:APP:USER`, `dev-admin:APP` and `devj:` with base64url of a JSON object.
func devClaims(token string) (*claims, bool) {
	if rest, ok := strings.CutPrefix(token, "dev:"); ok {
		app, user, ok := strings.Cut(rest, ":")
		return &claims{App: app, Sub: user}, ok
	}
	if app, ok := strings.CutPrefix(token, "dev-admin:"); ok {
		return &claims{App: app, Role: "admin"}, true
	}
	if text, ok := strings.CutPrefix(token, "devj:"); ok {
		c := &claims{}
		return c, decodePart(text, c) == nil
	}
	return nil, false
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
