// Command auth authenticates clients by a signed token in a cookie, and takes sockets away at logout.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func main() {
	key := os.Getenv("TOKEN_KEY")
	if key == "" {
		log.Fatal("set TOKEN_KEY to the secret that tokens are signed with")
	}
	f, err := wsruntime.NewFactory(nil)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", newServer(f, []byte(key)).routes()))
}

type server struct {
	f   *wsruntime.Factory
	key []byte

	mu      sync.Mutex
	revoked map[string]bool // token ids that were logged out; a real server keeps them until they expire
}

func newServer(f *wsruntime.Factory, key []byte) *server {
	return &server{f: f, key: key, revoked: map[string]bool{}}
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/ws", s.f.Handler(s.authenticate))
	mux.HandleFunc("POST /logout", s.logout)
	return mux
}

// authenticate is the only way to a user's events: the id comes from what the server itself signed.
func (s *server) authenticate(r *http.Request) (wsruntime.UserID, error) {
	claims, err := s.claims(r)
	if err != nil {
		return "", err
	}
	return wsruntime.UserID(claims.Subject), nil
}

func (s *server) claims(r *http.Request) (*jwt.RegisteredClaims, error) {
	cookie, err := r.Cookie("token")
	if err != nil {
		return nil, err
	}
	var claims jwt.RegisteredClaims
	_, err = jwt.ParseWithClaims(cookie.Value, &claims, func(*jwt.Token) (any, error) { return s.key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.revoked[claims.ID] {
		return nil, fmt.Errorf("token %w", wsruntime.ErrRevoked)
	}
	return &claims, nil
}

// logout takes the credential back first, then the sockets: the other way round a client could slip back in.
func (s *server) logout(w http.ResponseWriter, r *http.Request) {
	claims, err := s.claims(r)
	if err != nil {
		http.Error(w, "not logged in", http.StatusUnauthorized)
		return
	}
	s.mu.Lock()
	s.revoked[claims.ID] = true
	s.mu.Unlock()
	if err := s.f.Revoke(r.Context(), wsruntime.UserID(claims.Subject)); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// issue signs a token for a user whose password was right.
func (s *server) issue(user, id string, life time.Duration) (string, error) {
	if user == "" {
		return "", errors.New("no user")
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Subject: user, ID: id, ExpiresAt: jwt.NewNumericDate(time.Now().Add(life)),
	}).SignedString(s.key)
}
