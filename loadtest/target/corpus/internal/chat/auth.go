package chat

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
)

// Auth is one way in which a server learns who connects. An outside user describes
// it to a load test with Face.
type Auth struct {
	Face string // the auth key of a configuration
	// User names the user of a handshake; "" means that the first message does.
	User func(r *http.Request) (string, error)
	// Routes adds what the way in needs beside the WebSocket, such as a login.
	Routes func(mux *http.ServeMux)
	// Subprotocols are those that the server agrees to.
	Subprotocols []string
}

// ErrUnknown is the answer to somebody who is not who he says.
var ErrUnknown = errors.New("not authenticated")

func named(user string) (string, error) {
	if user == "" {
		return "", ErrUnknown
	}
	return user, nil
}

// ByQuery believes ?user=ID, as servers behind a gateway do.
func ByQuery() *Auth {
	return &Auth{
		Face: `auth: {query: {user: "{{.user.id}}"}}`,
		User: func(r *http.Request) (string, error) { return named(r.URL.Query().Get("user")) },
	}
}

// ByThread believes ?user=ID&thread=NAME; the thread is the client's to choose.
func ByThread() *Auth {
	auth := ByQuery()
	auth.Face = `auth: {query: {user: "{{.user.id}}", thread: "{{.device}}"}}`
	return auth
}

const gatewayKey = "key of the gateway"

// ByHeader believes a gateway that signs the user's id.
func ByHeader() *Auth {
	return &Auth{
		Face: `auth: {header: {X-User: "{{.user.id}}", X-Signature: '{{hmac "SHA256" "` + gatewayKey + `" .user.id}}'}}`,
		User: func(r *http.Request) (string, error) {
			user := r.Header.Get("X-User")
			if !hmac.Equal([]byte(r.Header.Get("X-Signature")), []byte(sign(user))) {
				return "", ErrUnknown
			}
			return named(user)
		},
	}
}

func sign(user string) string {
	mac := hmac.New(sha256.New, []byte(gatewayKey))
	mac.Write([]byte(user))
	return hex.EncodeToString(mac.Sum(nil))
}

// BySubprotocol takes a signed user from the list of subprotocols, the only place
// where a browser can put a token.
func BySubprotocol() *Auth {
	return &Auth{
		Face: `auth: {subprotocol: [chat.v1, '{{.user.id}}.{{hmac "SHA256" "` + gatewayKey + `" .user.id}}']}`,
		User: func(r *http.Request) (string, error) {
			for _, offer := range strings.Split(r.Header.Get("Sec-Websocket-Protocol"), ",") {
				offer = strings.TrimSpace(offer)
				if dot := strings.LastIndexByte(offer, '.'); dot > 0 && hmac.Equal([]byte(offer[dot+1:]), []byte(sign(offer[:dot]))) {
					return offer[:dot], nil
				}
			}
			return "", ErrUnknown
		},
		Subprotocols: []string{"chat.v1"},
	}
}

// ByFirstMessage lets everybody connect and expects a login as the first message.
func ByFirstMessage(face string) *Auth {
	return &Auth{Face: face, User: func(*http.Request) (string, error) { return "", nil }}
}

// logins are the tokens that a server gave out.
type logins struct {
	mu    sync.Mutex
	users map[string]string
}

func (l *logins) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ User string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(&body); err != nil || body.User == "" {
		http.Error(w, "user is missing", http.StatusBadRequest)
		return
	}
	token := rand.Text()
	l.mu.Lock()
	l.users[token] = body.User
	l.mu.Unlock()
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: token, Path: "/", HttpOnly: true})
	_ = json.NewEncoder(w).Encode(map[string]string{"token": token}) // the client sees a broken answer itself
}

func (l *logins) user(token string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return named(l.users[token])
}

// ByToken gives a token for a login over HTTP and takes it back in the address.
func ByToken() *Auth {
	l := &logins{users: map[string]string{}}
	return &Auth{
		Face:   `auth: {login: {post: "http://HOST/login", json: {user: "{{.user.id}}"}, take: {ticket: $.token}}, query: {token: "{{.user.ticket}}"}}`,
		User:   func(r *http.Request) (string, error) { return l.user(r.URL.Query().Get("token")) },
		Routes: func(mux *http.ServeMux) { mux.HandleFunc("POST /login", l.login) },
	}
}

// ByCookie is ByToken with the token in a cookie.
func ByCookie() *Auth {
	auth, l := ByToken(), &logins{users: map[string]string{}}
	auth.Face = `auth: {login: {post: "http://HOST/login", json: {user: "{{.user.id}}"}, take: {cookies: true}}}`
	auth.Routes = func(mux *http.ServeMux) { mux.HandleFunc("POST /login", l.login) }
	auth.User = func(r *http.Request) (string, error) {
		cookie, err := r.Cookie("sid")
		if err != nil {
			return "", ErrUnknown
		}
		return l.user(cookie.Value)
	}
	return auth
}
