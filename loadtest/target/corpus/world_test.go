package corpus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// patience bounds every wait; nothing that passes comes near it.
const patience = time.Minute

// world is a running server and what its configuration says of how to speak with
// it: clients here know no more than that.
type world struct {
	t    *testing.T
	s    Server
	file *spec.File
	set  *tmpl.Set
	next atomic.Int64
	ids  map[string]map[string]string // what a login gave, by user
	jars map[string]http.CookieJar
}

func parse(t testing.TB, s Server, addr ...string) *spec.File {
	t.Helper()
	file, err := spec.Parse(s.Name, []byte(s.Config(addr...)))
	require.NoError(t, err)
	require.NoError(t, file.Resolve(nil))
	require.NoError(t, file.Check(s.Name))
	return file
}

func open(t *testing.T, s Server) *world {
	t.Helper()
	w := &world{t: t}
	var addr []string
	var listeners []net.Listener
	for range s.Listeners {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		listeners = append(listeners, ln)
		addr = append(addr, ln.Addr().String())
	}
	stop, err := s.Start(t.Context(), listeners...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, stop()) })
	w.attach(s, addr)
	return w
}

// attach makes the world one of a server that runs at the addresses.
func (w *world) attach(s Server, addr []string) {
	w.t.Helper()
	w.s, w.set, w.file = s, tmpl.NewSet(nil, time.Now), parse(w.t, s, addr...)
	w.ids, w.jars = map[string]map[string]string{}, map[string]http.CookieJar{}
}

func (w *world) render(place tmpl.Place, text string, v *tmpl.Values, mark string) string {
	w.t.Helper()
	compiled, err := w.set.Compile(text, place)
	require.NoError(w.t, err)
	out, err := compiled.Render(v, func(uint8) string { return mark })
	require.NoError(w.t, err)
	return string(out)
}

func (w *world) values(id string) *tmpl.Values {
	user := map[string]string{"id": id, "token": "token-of-" + id}
	for name, value := range w.ids[id] {
		user[name] = value
	}
	return &tmpl.Values{User: user, From: user, Device: "device-of-" + id}
}

// call performs a request of the configuration and returns its status and body.
func (w *world) call(h *spec.HTTP, jar http.CookieJar, v *tmpl.Values, mark string) (int, []byte) {
	w.t.Helper()
	method, address := h.Method()
	var body string
	kind := "text/plain"
	switch {
	case h.JSON != nil:
		text, err := json.Marshal(w.fill(h.JSON, v, mark))
		require.NoError(w.t, err)
		body, kind = string(text), "application/json"
	case len(h.Form) > 0:
		form := url.Values{}
		for name, text := range h.Form {
			form.Set(name, w.render(tmpl.Plain, text, v, mark))
		}
		body, kind = form.Encode(), "application/x-www-form-urlencoded"
	default:
		body = w.render(tmpl.Plain, h.Body, v, mark)
	}
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.render(tmpl.Address, address, v, mark), strings.NewReader(body))
	require.NoError(w.t, err)
	req.Header.Set("Content-Type", kind)
	client := &http.Client{Jar: jar, Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	require.NoError(w.t, err)
	defer func() { require.NoError(w.t, resp.Body.Close()) }()
	answer, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, answer
}

// fill renders every string of a JSON value.
func (w *world) fill(value any, v *tmpl.Values, mark string) any {
	switch value := value.(type) {
	case string:
		return w.render(tmpl.Plain, value, v, mark)
	case map[string]any:
		out := map[string]any{}
		for name, inner := range value {
			out[name] = w.fill(inner, v, mark)
		}
		return out
	}
	return value
}

// login does what the configuration wants before the handshake, once a user.
func (w *world) login(id string) {
	w.t.Helper()
	login := w.file.Auth.Login
	if login == nil || w.jars[id] != nil {
		return
	}
	jar, err := cookiejar.New(nil)
	require.NoError(w.t, err)
	w.jars[id] = jar
	status, body := w.call(&login.HTTP, jar, w.values(id), "")
	require.Equal(w.t, http.StatusOK, status)
	w.ids[id] = map[string]string{}
	for name, text := range login.Take.Values {
		path, err := spec.ParsePath(text)
		require.NoError(w.t, err)
		value, ok := path.Find(body)
		require.True(w.t, ok)
		w.ids[id][name] = value
	}
}

// address is where and with what header a user connects.
func (w *world) address(v *tmpl.Values, more map[string]string) (string, http.Header) {
	w.t.Helper()
	u, err := url.Parse(w.file.First())
	require.NoError(w.t, err)
	query, header := url.Values{}, http.Header{}
	for name, text := range w.file.Auth.Query {
		query.Set(name, w.render(tmpl.Plain, text, v, ""))
	}
	for name, text := range more {
		query.Set(name, w.render(tmpl.Plain, text, v, ""))
	}
	for name, text := range w.file.Auth.Header {
		header.Set(name, w.render(tmpl.Header, text, v, ""))
	}
	u.RawQuery = query.Encode()
	return u.String(), header
}

// user is a client that has got its ready frame. Everything that it is sent ends
// up in seen.
type user struct {
	w    *world
	id   string
	ws   *websocket.Conn
	v    *tmpl.Values
	seen bytes.Buffer
}

func (w *world) dial(id string) *user {
	w.t.Helper()
	w.login(id)
	return w.dialAs(w.values(id), nil)
}

// resume connects with what another connection's frames gave to continue by.
func (w *world) resume(id string, old *user) *user {
	w.t.Helper()
	v := w.values(id)
	v.Session, v.Since = old.last(w.file.Resume.Session), old.last(w.file.Resume.Since)
	return w.dialAs(v, w.file.Resume.Query)
}

func (w *world) dialAs(v *tmpl.Values, more map[string]string) *user {
	w.t.Helper()
	id := v.User["id"]
	address, header := w.address(v, more)
	dialer := websocket.Dialer{HandshakeTimeout: patience, Jar: w.jars[id]}
	for _, text := range w.file.Auth.Subprotocol {
		dialer.Subprotocols = append(dialer.Subprotocols, w.render(tmpl.Token, text, v, ""))
	}
	ws, resp, err := dialer.DialContext(w.t.Context(), address, header)
	require.NoError(w.t, err)
	require.NoError(w.t, resp.Body.Close())
	w.t.Cleanup(func() { _ = ws.Close() }) // most are closed by then
	u := &user{w: w, id: id, ws: ws, v: v}
	ws.SetPingHandler(func(text string) error { u.seen.WriteString(text); return nil })
	if first := w.file.Auth.FirstMessage; first != "" {
		u.write(w.render(tmpl.Frame, first, v, ""))
	}
	u.await(w.file.Ready)
	return u
}

// last is the latest match of an expression's first group.
func (u *user) last(expression string) string {
	all := regexp.MustCompile(expression).FindAllSubmatch(u.seen.Bytes(), -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1])
}

func (u *user) write(text string) {
	u.w.t.Helper()
	require.NoError(u.w.t, u.ws.WriteMessage(websocket.TextMessage, []byte(text)))
}

// read takes one message and reports false at the end of the connection.
func (u *user) read() ([]byte, bool) {
	_ = u.ws.SetReadDeadline(time.Now().Add(patience)) // fails on a closed socket, like the read
	_, data, err := u.ws.ReadMessage()
	require.NotErrorIs(u.w.t, err, os.ErrDeadlineExceeded)
	if err != nil {
		u.seen.WriteString(err.Error()) // the reason of a close frame
		return nil, false
	}
	u.seen.Write(data)
	u.seen.WriteByte('\n')
	return data, true
}

// await reads up to the first message that matches.
func (u *user) await(m *spec.Matcher) {
	u.w.t.Helper()
	expression := m.Regex
	if expression == "" {
		expression = regexp.QuoteMeta(m.Contains)
	}
	for match := regexp.MustCompile(expression); ; {
		data, ok := u.read()
		require.True(u.w.t, ok, "waiting for %s: %s", expression, u.seen.String())
		if match.Match(data) {
			return
		}
	}
}

func (u *user) awaitText(text string) { u.w.t.Helper(); u.await(&spec.Matcher{Contains: text}) }

// sync waits until the server has worked off what the user sent, and reads what it
// was sent before that. It reports false when the connection is over.
func (u *user) sync() bool {
	return u.ask(fmt.Sprintf("sync-%d", u.w.next.Add(1)), "sync")
}

func (u *user) ask(id, q string) bool {
	u.askLater(id, q)
	for {
		data, ok := u.read()
		if !ok {
			return false
		}
		if bytes.Contains(data, []byte(u.answer(id))) {
			return true
		}
	}
}

func (u *user) askLater(id, q string) {
	v := *u.v
	v.ID = id
	_ = u.ws.WriteMessage(websocket.TextMessage, []byte(u.w.render(tmpl.Frame, u.w.file.Request.WS, &v, q))) // its reader sees it
}

func (u *user) answer(id string) string {
	v := *u.v
	v.ID = id
	return u.w.render(tmpl.Frame, u.w.file.Request.ID, &v, "")
}

// send makes an event over this user's connection by the first emit with ws.
func (u *user) send(to, text string) {
	u.w.t.Helper()
	for _, e := range u.w.file.Emit {
		if e.WS != "" && e.Audience == "" {
			u.write(u.w.render(tmpl.Frame, e.WS, u.w.values(to), text))
			return
		}
	}
	u.w.t.Fatal("no emit with ws")
}

// notify makes an event by the first emit with http.
func (w *world) notify(to, text string) int {
	w.t.Helper()
	for _, e := range w.file.Emit {
		if e.HTTP != nil {
			status, _ := w.call(e.HTTP, nil, w.values(to), text)
			return status
		}
	}
	w.t.Fatal("no emit with http")
	return 0
}

func (w *world) revoke(id string) {
	w.t.Helper()
	status, _ := w.call(w.file.Revoke.HTTP, nil, w.values(id), "")
	require.Equal(w.t, http.StatusNoContent, status)
}

// stick keeps the kernel from reading ahead for a user who does not read.
func (u *user) stick() {
	u.w.t.Helper()
	require.NoError(u.w.t, u.ws.NetConn().(*net.TCPConn).SetReadBuffer(64<<10))
}

func (u *user) has(text string) bool { return bytes.Contains(u.seen.Bytes(), []byte(text)) }

// drop ends the connection as a broken one does, and returns once the server has
// let go of it.
func (u *user) drop() {
	u.w.t.Helper()
	tcp := u.ws.NetConn().(*net.TCPConn)
	require.NoError(u.w.t, tcp.CloseWrite())
	for {
		if _, ok := u.read(); !ok {
			break
		}
	}
	require.NoError(u.w.t, tcp.SetReadDeadline(time.Now().Add(patience)))
	_, err := io.Copy(io.Discard, tcp)
	require.NoError(u.w.t, err)
	require.NoError(u.w.t, tcp.Close())
}

// reset ends the connection with a TCP reset.
func reset(t *testing.T, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.(*net.TCPConn).SetLinger(0))
	require.NoError(t, conn.Close())
}

// abort begins a handshake as a user and resets it.
func (w *world) abort(id string) {
	w.t.Helper()
	address, header := w.address(w.values(id), nil)
	u, err := url.Parse(address)
	require.NoError(w.t, err)
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", u.Host)
	require.NoError(w.t, err)
	u.Scheme = "http"
	header.Set("Upgrade", "websocket")
	header.Set("Connection", "Upgrade")
	header.Set("Sec-WebSocket-Version", "13")
	header.Set("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
	req := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: header}
	require.NoError(w.t, req.Write(conn))
	reset(w.t, conn)
}
