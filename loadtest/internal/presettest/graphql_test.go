package presettest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/gorilla/websocket"
)

func TestGraphQL(t *testing.T) { hold(t, "graphql-ws", subscriptions) }

// operation is a message of graphql-transport-ws.
type operation struct {
	ID      string `json:"id,omitempty"`
	Type    string `json:"type"`
	Payload struct {
		User      string            `json:"user,omitempty"`
		Query     string            `json:"query,omitempty"`
		Variables map[string]string `json:"variables,omitempty"`
	} `json:"payload"`
}

// subscriber is one connection, as strict as the protocol: it closes with the codes
// that the specification gives for what comes out of turn.
type subscriber struct {
	desk *desk
	bus  *bus
	conn *websocket.Conn
	mu   sync.Mutex // of writing
	user string
	id   string // of the subscription
}

// bus knows who listens to a user's events.
type bus struct {
	mu   sync.Mutex
	subs map[string]map[*subscriber]bool
}

func (b *bus) set(s *subscriber, listening bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.subs[s.user] == nil {
		b.subs[s.user] = map[*subscriber]bool{}
	}
	b.subs[s.user][s] = listening
}

func (b *bus) publish(user, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s, listening := range b.subs[user] {
		if listening {
			s.write(map[string]any{"id": s.id, "type": "next", "payload": map[string]any{"data": map[string]string{"message": text}}})
		}
	}
}

// subscriptions is a server of one subscription and one mutation.
func subscriptions(_ *testing.T, d *desk) http.Handler {
	b := &bus{subs: map[string]map[*subscriber]bool{}}
	upgrader := websocket.Upgrader{Subprotocols: []string{"graphql-transport-ws"}}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		s := &subscriber{desk: d, bus: b, conn: conn}
		if conn.Subprotocol() == "" {
			s.end(4406)
			return
		}
		defer func() { b.set(s, false) }()
		s.serve()
	})
}

func (s *subscriber) serve() {
	s.write(operation{Type: "ping"})
	acknowledged, ponged := false, false
	for {
		var o operation
		_, data, err := s.conn.ReadMessage()
		if err != nil || json.Unmarshal(data, &o) != nil {
			return
		}
		switch {
		case o.Type == "pong":
			ponged = true
		case o.Type == "connection_init" && acknowledged:
			s.end(4429)
		case o.Type == "connection_init":
			s.user, acknowledged = o.Payload.User, true
			s.desk.enter(s.user)
			s.write(map[string]string{"type": "connection_ack"})
		case !acknowledged || !ponged:
			s.end(4401)
		default:
			s.operate(&o)
		}
	}
}

func (s *subscriber) operate(o *operation) {
	switch {
	case o.Type != "subscribe" || o.ID == "" || o.ID == s.id:
		s.end(4409)
	case strings.HasPrefix(o.Payload.Query, "subscription"):
		s.id = o.ID
		s.bus.set(s, true)
	default:
		s.bus.publish(s.desk.addressee(o.Payload.Variables["to"]), o.Payload.Variables["text"])
		s.write(map[string]any{"id": o.ID, "type": "next", "payload": map[string]any{"data": map[string]bool{"send": true}}})
		s.write(map[string]string{"id": o.ID, "type": "complete"})
	}
}

func (s *subscriber) write(v any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.WriteJSON(v) // a client that is gone shows at the next read
}

func (s *subscriber) end(code int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, "")) // likewise
}
