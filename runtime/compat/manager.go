package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Manager is the one object that old code asks for everything. It holds no connection and no user itself: each call
// goes to the factory underneath. All methods may be called from any goroutine.
type Manager struct {
	mu      sync.Mutex
	factory *wsruntime.Factory
	conns   map[*websocket.Conn]*wsruntime.Conn
}

var process = &Manager{conns: make(map[*websocket.Conn]*wsruntime.Conn)}

// GetManager gives the manager of this process.
//
// Deprecated: make a [wsruntime.Factory] and pass it to what needs it.
func GetManager() *Manager { return process }

// Use sets the factory that the manager of this process delivers through, and returns the one before, if any. Call it
// first thing in main: without it a factory with default options and Raw framing is made when it is first needed.
func Use(f *wsruntime.Factory) (before *wsruntime.Factory) {
	process.mu.Lock()
	defer process.mu.Unlock()
	before, process.factory = process.factory, f
	return before
}

// Factory gives the factory underneath, for code that moves off this package step by step.
func (m *Manager) Factory() *wsruntime.Factory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.factory == nil {
		f, err := wsruntime.NewFactory(&wsruntime.Options{Framing: wsruntime.Raw})
		if err != nil { // these options are constant and valid
			panic(err)
		}
		m.factory = f
		slog.Info("wsmig: compat made a factory with default options; call compat.Use to set one")
	}
	return m.factory
}

// Emitter reaches one user. It is a value that holds nothing: there is nothing to close.
type Emitter struct {
	m    *Manager
	user wsruntime.UserID
}

// For gives an emitter that is bound to one user.
func (m *Manager) For(userID string) Emitter {
	record("For")
	return Emitter{m: m, user: wsruntime.UserID(userID)}
}

// Send sends a message to the user's connections: bytes and strings as they are, as a text message, anything else as
// gorilla's WriteJSON writes it.
func (e Emitter) Send(message any) error {
	ctx := context.Background()
	em, err := e.m.Factory().Emitter(ctx, e.user)
	if err != nil {
		return err
	}
	defer em.Close()
	if b, ok := bytesOf(message); ok {
		return em.EmitRaw(ctx, wsruntime.TextMessage, b)
	}
	return em.EmitJSON(ctx, message)
}

func bytesOf(message any) ([]byte, bool) {
	switch m := message.(type) {
	case []byte:
		return m, true
	case string:
		return []byte(m), true
	case json.RawMessage:
		return m, true
	}
	return nil, false
}

// Connected tells whether the user has a ready connection.
func (e Emitter) Connected() bool {
	s, ok := e.m.Factory().UserStats(e.user)
	return ok && s.Conns > 0
}

// CloseAll closes the user's connections, after what is queued for them. The user may connect again.
func (e Emitter) CloseAll() error {
	em, err := e.m.Factory().Emitter(context.Background(), e.user)
	if err != nil {
		return err
	}
	defer em.Close()
	var errs []error
	for c := range em.UserContext().Pool().All() {
		errs = append(errs, c.Close(websocket.CloseNormalClosure, ""))
	}
	return errors.Join(errs...)
}

// Attach makes a connection that the application upgraded and goes on reading one of the user's; see
// [wsruntime.Factory.Adopt].
func (e Emitter) Attach(ws *websocket.Conn) error {
	c, err := e.m.Factory().Adopt(context.Background(), e.user, ws)
	if err != nil {
		return err
	}
	e.m.mu.Lock()
	e.m.conns[ws] = c
	e.m.mu.Unlock()
	context.AfterFunc(c.Context(), func() {
		e.m.mu.Lock()
		defer e.m.mu.Unlock()
		if e.m.conns[ws] == c {
			delete(e.m.conns, ws)
		}
	})
	return nil
}

// Detach closes one connection of the user. A connection that is not (or no longer) the user's is left alone.
func (e Emitter) Detach(ws *websocket.Conn) error {
	e.m.mu.Lock()
	c := e.m.conns[ws]
	e.m.mu.Unlock()
	if c == nil {
		return nil
	}
	if c.User() != e.user {
		return fmt.Errorf("%w: detach for %q", wsruntime.ErrOwner, e.user)
	}
	return c.Close(websocket.CloseNormalClosure, "")
}

// BroadcastAll sends a message to everybody who is connected, and says so by its name.
func (m *Manager) BroadcastAll(message any) error {
	record("BroadcastAll")
	_, err := m.Factory().Broadcast(context.Background(), wsruntime.Event{Type: "raw", Data: &payload{message}})
	return err
}

// payload encodes a message as Send would.
type payload struct{ message any }

// AppendJSON appends the message's bytes.
func (p *payload) AppendJSON(dst []byte) ([]byte, error) {
	if b, ok := bytesOf(p.message); ok {
		return append(dst, b...), nil
	}
	b, err := json.Marshal(p.message)
	if err != nil {
		return dst, err
	}
	return append(append(dst, b...), '\n'), nil
}

// Users lists the users who have a ready connection, sorted.
func (m *Manager) Users() []string {
	record("Users")
	var users []string
	for user, s := range m.Factory().ByUser() {
		if s.Conns > 0 {
			users = append(users, string(user))
		}
	}
	slices.Sort(users)
	return users
}

// Stop shuts the factory down; a later call makes a new one, or takes the one that [Use] is given.
func (m *Manager) Stop(ctx context.Context) error {
	record("Stop")
	m.mu.Lock()
	f := m.factory
	m.factory = nil
	m.mu.Unlock()
	if f == nil {
		return nil
	}
	return f.Shutdown(ctx)
}
