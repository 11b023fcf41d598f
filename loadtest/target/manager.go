package target

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Manager is the process-wide WebSocket manager of the singleton server. Every
// access to its fields is locked, so the race detector has nothing to say; what
// is wrong is that the user is a field at all.
type Manager struct {
	mu       sync.Mutex
	clients  map[string]*client // by user: the newest connection
	rooms    map[string]map[*client]bool
	sessions map[string]time.Time
	current  struct {
		user   string
		client *client
	}
	store *store
	crowd *crowd
	tally tally
}

// client is a connection as the manager knows it.
type client struct {
	*peer
	user string // of the reader's goroutine
}

func (c *client) write(f frame) { _ = c.sendJSON(f) } // the reader sees a broken socket too

func newManager(c *crowd) *Manager {
	return &Manager{clients: map[string]*client{}, rooms: map[string]map[*client]bool{}, sessions: map[string]time.Time{}, store: newStore(), crowd: c}
}

// userKey is how ids are compared: people type them in all sorts of ways.
func userKey(user string) string { return strings.ToLower(strings.TrimSpace(user)) }

// Register puts a connection in place of the one that the user had.
func (m *Manager) Register(c *client) {
	key := userKey(c.user)
	m.mu.Lock()
	m.clients[key] = c
	m.sessions[key] = time.Now()
	m.tally.created.Add(1)
	m.tally.set(len(m.clients))
	m.mu.Unlock()
	m.crowd.spawn(func(ctx context.Context) { m.keepAlive(ctx, c) })
	c.write(frame{Type: "ready", Data: c.user})
}

// Unregister forgets the user's connection.
func (m *Manager) Unregister(user string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.clients, userKey(user))
	m.tally.set(len(m.clients))
}

// EndSession is what the administration calls to revoke a user.
func (m *Manager) EndSession(user string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.sessions, userKey(user))
}

// SetCurrentUser says for whom the following Emit calls are.
func (m *Manager) SetCurrentUser(user string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current.user = user
	m.current.client = m.clients[userKey(user)]
}

// EmitToCurrent sends an event to the current user.
func (m *Manager) EmitToCurrent(kind string, data any) {
	m.mu.Lock()
	c := m.current.client
	m.mu.Unlock()
	if c != nil {
		c.write(frame{Type: kind, Data: data})
	}
}

// Join makes a connection a member of a room.
func (m *Manager) Join(c *client, room string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms[room] == nil {
		m.rooms[room] = map[*client]bool{}
	}
	m.rooms[room][c] = true
}

// Leave ends the membership.
func (m *Manager) Leave(c *client, room string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rooms[room], c)
}

// EmitToRoom sends a frame to the members of a room.
func (m *Manager) EmitToRoom(room string, f frame) {
	m.mu.Lock()
	var members []*client
	for c := range m.rooms[room] {
		members = append(members, c)
	}
	m.mu.Unlock()
	for _, c := range members {
		c.write(f)
	}
}

// keepAlive pings a connection until that fails, which for one that is closed
// shows only at the next tick.
func (m *Manager) keepAlive(ctx context.Context, c *client) {
	tick := time.NewTicker(15 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeTimeout)) != nil {
				return
			}
		}
	}
}

func (m *Manager) stats() Stats { return m.tally.stats() }
