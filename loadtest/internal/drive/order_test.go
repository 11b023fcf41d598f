package drive_test

import (
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

// echoes is a correct server: what a user sends comes to the user's newest
// connection. Each connection is read by a goroutine of its own, and the first one
// is kept from going on with its second message.
type echoes struct {
	mu      sync.Mutex
	newest  *websocket.Conn
	taken   chan struct{} // the message was read
	goOn    chan struct{}
	carried chan struct{} // and has been delivered
	conns   int
}

func (s *echoes) serve(w http.ResponseWriter, r *http.Request) {
	var upgrader websocket.Upgrader
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	s.mu.Lock()
	s.newest = conn
	s.conns++
	slow := s.conns == 1
	s.mu.Unlock()
	for n := 1; ; n++ {
		_, data, err := conn.ReadMessage()
		if err != nil {
			return
		}
		held := slow && n == 2
		if held {
			close(s.taken)
			<-s.goOn
		}
		s.mu.Lock()
		_ = s.newest.WriteMessage(websocket.TextMessage, data)
		s.mu.Unlock()
		if held {
			close(s.carried)
		}
	}
}

func TestWhatADeadConnectionAskedForMayComeAfterTheNextOnes(t *testing.T) {
	s := &echoes{taken: make(chan struct{}), goOn: make(chan struct{}), carried: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(s.serve))
	defer server.Close()
	config := "target: ws" + strings.TrimPrefix(server.URL, "http") + "\nemit: [{ws: '{{canary}}', from: self}]"
	d := driver(t, config, 1, nil)
	defer d.Close()
	say := func(op plan.Op) { d.Say(t.Context(), &plan.Step{Op: op, By: 0}) }
	say(plan.Emit)
	<-s.taken
	say(plan.Kill)
	say(plan.Connect) // and proves itself with events that overtake
	close(s.goOn)
	<-s.carried
	say(plan.Emit)
	require.True(t, d.Fence(t.Context(), drive.DefaultPatience))
	require.GreaterOrEqual(t, d.Arrived(), uint64(4))
	require.Empty(t, d.Checker().Counts().Map())
}
