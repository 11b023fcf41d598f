package tmpl

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // some servers still sign with it, and it is theirs to choose
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"maps"
	"strings"
	"text/template"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// stateKey holds the rendering's own state among the values; no configuration can
// name it, since a template identifier has no space.
const stateKey = "\x00state"

// Mint returns the canary of a field of the event that is being rendered.
type Mint func(field uint8) string

type state struct{ mint Mint }

func (s *Set) functions() template.FuncMap {
	functions := template.FuncMap{
		"canary":    s.canary,
		"env":       s.env,
		"jwt":       signJWT,
		"hmac":      signText,
		"base64":    func(value any) string { return base64.StdEncoding.EncodeToString([]byte(plainText(value))) },
		"base64url": func(value any) string { return base64.RawURLEncoding.EncodeToString([]byte(plainText(value))) },
		"hex":       func(value any) string { return hex.EncodeToString([]byte(plainText(value))) },
		"now":       func() int64 { return s.now().Unix() },
		"in":        s.in,
		"dict":      dict,
		"raw":       func(value any) raw { return raw(plainText(value)) },
	}
	maps.Copy(functions, escapers)
	return functions
}

func (s *Set) canary(frame any, name ...string) (raw, error) {
	state, ok := frame.(*state)
	if !ok || state.mint == nil {
		return "", fmt.Errorf("canary has no meaning here: it marks events, in emit and request")
	}
	field, err := s.field(strings.Join(name, ""))
	if err != nil {
		return "", err
	}
	return raw(state.mint(field)), nil
}

func (s *Set) env(name string) (string, error) {
	value, ok := s.secrets[name]
	if !ok {
		return "", fmt.Errorf("env %q: list it under secrets, and set it", name)
	}
	return value, nil
}

func (s *Set) in(text string) (int64, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("in %q: not a duration such as 1h", text)
	}
	return s.now().Add(d).Unix(), nil
}

func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: want names and values in turn")
	}
	out := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		out[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return out, nil
}

// signJWT signs claims: a dict, a text of JSON, or names and values in turn.
func signJWT(algorithm, secret string, claims ...any) (string, error) {
	method := jwt.GetSigningMethod(algorithm)
	if method == nil || algorithm == "none" {
		return "", fmt.Errorf("jwt: unknown algorithm %q; HS256 is the usual one", algorithm)
	}
	body, err := claimsOf(claims)
	if err != nil {
		return "", err
	}
	key, err := keyFor(algorithm, secret)
	if err != nil {
		return "", fmt.Errorf("jwt: the secret is no key for %s", algorithm)
	}
	return jwt.NewWithClaims(method, body).SignedString(key)
}

func claimsOf(claims []any) (jwt.MapClaims, error) {
	if len(claims) != 1 {
		pairs, err := dict(claims...)
		return pairs, err
	}
	switch c := claims[0].(type) {
	case map[string]any:
		return c, nil
	case map[string]string:
		out := jwt.MapClaims{}
		for name, value := range c {
			out[name] = value
		}
		return out, nil
	}
	body := jwt.MapClaims{}
	if err := json.Unmarshal([]byte(plainText(claims[0])), &body); err != nil {
		return nil, fmt.Errorf("jwt: the claims are neither a dict nor a JSON object")
	}
	return body, nil
}

func keyFor(algorithm, secret string) (any, error) {
	switch algorithm[:2] {
	case "RS", "PS":
		return jwt.ParseRSAPrivateKeyFromPEM([]byte(secret))
	case "ES":
		return jwt.ParseECPrivateKeyFromPEM([]byte(secret))
	case "Ed":
		return jwt.ParseEdPrivateKeyFromPEM([]byte(secret))
	}
	return []byte(secret), nil
}

// signText returns the HMAC of a text in hexadecimal digits.
func signText(algorithm, key string, text any) (string, error) {
	hashes := map[string]func() hash.Hash{"SHA1": sha1.New, "SHA256": sha256.New, "SHA384": sha512.New384, "SHA512": sha512.New}
	newHash, ok := hashes[strings.ToUpper(strings.ReplaceAll(algorithm, "-", ""))]
	if !ok {
		return "", fmt.Errorf("hmac: unknown algorithm %q; SHA256 is the usual one", algorithm)
	}
	mac := hmac.New(newHash, []byte(key))
	mac.Write([]byte(plainText(text)))
	return hex.EncodeToString(mac.Sum(nil)), nil
}
