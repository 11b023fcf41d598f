package drive_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// starved is a correct server on a machine that lets it run only now and then: a
// test says when it reads messages, when it registers who has connected, and how
// far one of a user's connections lags behind the other.
type starved struct {
	mu       sync.Mutex
	change   *sync.Cond
	conns    map[string][]*websocket.Conn
	reads    bool // messages are read
	admits   bool // connections are registered
	handled  int
	lag      int                       // events that a user's last connection has first
	held     map[*websocket.Conn][]any // for the other ones
	answered bool                      // a login is answered
}

func starve(t *testing.T) (s *starved, address string) {
	s = &starved{conns: map[string][]*websocket.Conn{}, reads: true, admits: true, answered: true, held: map[*websocket.Conn][]any{}}
	s.change = sync.NewCond(&s.mu)
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(server.Close)
	t.Cleanup(func() { s.set(func() { s.reads, s.admits = true, true }) })
	return s, "target: ws" + strings.TrimPrefix(server.URL, "http") + "\n"
}

// set changes something and lets everybody look at it.
func (s *starved) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	s.change.Broadcast()
}

// until waits for something; the lock is held meanwhile but for waiting.
func (s *starved) until(done func() bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !done() {
		s.change.Wait()
	}
}

func (s *starved) serve(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	user := r.URL.Query().Get("user")
	s.until(func() bool { return s.admits })
	s.set(func() { s.conns[user] = append(s.conns[user], conn) })
	for {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.until(func() bool { return s.reads })
		s.set(func() { s.handle(conn, data) })
	}
}

func (s *starved) handle(conn *websocket.Conn, data []byte) {
	var m struct{ Type, To, User string }
	if json.Unmarshal(data, &m) != nil {
		return
	}
	s.handled++
	switch m.Type {
	case "logout":
		s.drop(conn)
	case "login":
		s.drop(conn)
		s.conns[m.User] = append(s.conns[m.User], conn)
		_ = conn.WriteMessage(websocket.TextMessage, []byte("welcome"))
	case "send":
		s.deliver(s.conns[m.To], data)
	}
}

func (s *starved) drop(conn *websocket.Conn) {
	for user, conns := range s.conns {
		for i, one := range conns {
			if one == conn {
				s.conns[user] = append(conns[:i:i], conns[i+1:]...)
			}
		}
	}
}

// deliver writes to the last connection at once, and to the others when that has
// had lag events.
func (s *starved) deliver(conns []*websocket.Conn, data []byte) {
	for i, conn := range conns {
		if i < len(conns)-1 && s.lag > 0 {
			s.held[conn] = append(s.held[conn], data)
			continue
		}
		_ = conn.WriteMessage(websocket.TextMessage, data)
	}
	if len(conns) < 2 || s.lag == 0 {
		return
	}
	if s.lag--; s.lag == 0 {
		for conn, held := range s.held {
			for _, one := range held {
				_ = conn.WriteMessage(websocket.TextMessage, one.([]byte))
			}
		}
	}
}

func say(t *testing.T, d *drive.Driver, op plan.Op, user, by int) {
	t.Helper()
	d.Say(t.Context(), &plan.Step{Op: op, User: user, By: by})
}

func fenceNothing(t *testing.T, d *drive.Driver, why string) {
	t.Helper()
	require.True(t, d.Fence(t.Context(), drive.DefaultPatience))
	require.Empty(t, d.Checker().Counts().Map(), why)
}

func TestWhoIsNotRegisteredYetIsOwedNothingHoweverLongThatTakes(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config, 1, func(o *drive.Options) { o.Users = append(o.Users, drive.User{ID: "u00002"}) })
	fenceNothing(t, d, "the first is there")
	s.set(func() { s.reads, s.admits = false, false })
	say(t, d, plan.Connect, 1, plan.None)
	say(t, d, plan.Emit, 1, 0)
	s.set(func() { s.handled, s.reads = 0, true })
	say(t, d, plan.Emit, 1, 0)
	s.until(func() bool { return s.handled > 2 })
	s.set(func() { s.admits = true })
	fenceNothing(t, d, "what was sent before is for nobody")
	say(t, d, plan.Emit, 1, 0)
	fenceNothing(t, d, "and then all arrives")
}

func TestAConnectionThatIsNeverRegisteredIsNoticed(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config, 1, func(o *drive.Options) { o.Users = append(o.Users, drive.User{ID: "u00002"}) })
	s.set(func() { s.admits = false })
	say(t, d, plan.Connect, 1, plan.None)
	say(t, d, plan.Emit, 1, 0)
	require.True(t, d.Fence(t.Context(), drive.DefaultPatience))
	require.Positive(t, d.Checker().Counts().Map()["D0"])
}

func TestALogoutWithoutAnAnswerCountsOnceTheServerHasComeThatFar(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+"logout: {ws: '{\"type\":\"logout\"}'}", 2, nil)
	fenceNothing(t, d, "both are there")
	s.set(func() { s.reads = false })
	say(t, d, plan.Emit, 1, 0)
	say(t, d, plan.Logout, 1, plan.None)
	s.set(func() { s.handled, s.reads = 0, true })
	s.until(func() bool { return s.handled > 1 })
	fenceNothing(t, d, "what comes now was under way")
}

func TestAnAnswerThatComesTooLateMakesNobodyAForeigner(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+"relogin: {ws: '{\"type\":\"login\",\"user\":\"{{.user.id}}\"}', ready: {contains: welcome}}", 3, nil)
	fenceNothing(t, d, "all are there")
	s.set(func() { s.reads = false })
	say(t, d, plan.Close, 1, plan.None)
	say(t, d, plan.Relogin, 0, 1)
	s.set(func() { s.handled, s.reads = 0, true })
	s.until(func() bool { return s.handled > 0 })
	say(t, d, plan.Emit, 1, 2)
	fenceNothing(t, d, "the connection whose user is not known is gone")
}

func TestALaggingConnectionOfAUserHasLostNothing(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config, 1, nil)
	fenceNothing(t, d, "the first connection is there")
	say(t, d, plan.Emit, 0, 0)
	fenceNothing(t, d, "and has received")
	d.Say(t.Context(), &plan.Step{Op: plan.Connect, Slot: 1, By: plan.None})
	fenceNothing(t, d, "so is the second")
	s.set(func() { s.lag = 6 })
	for range 4 {
		say(t, d, plan.Emit, 0, 0)
	}
	fenceNothing(t, d, "the first one is behind")
}
