// Package ws has sends that can be bound and some that can't.
package ws

import (
	"sync"

	"github.com/gorilla/websocket"
)

var (
	mu    sync.Mutex
	conns = map[int64]*websocket.Conn{}
)

// Add registers a connection.
func Add(id int64, c *websocket.Conn) {
	mu.Lock()
	defer mu.Unlock()
	conns[id] = c
}

// Send sends to one user.
func Send(id int64, v any) error {
	mu.Lock()
	defer mu.Unlock()
	return conns[id].WriteJSON(v)
}

// SendAny sends to some users.
func SendAny(v any, ids ...int64) {
	mu.Lock()
	defer mu.Unlock()
	for _, id := range ids {
		_ = conns[id].WriteJSON(v)
	}
}

// Frame names its receiver.
type Frame struct {
	To   int64
	Text string
}

// Route sends a frame to whom it names.
func Route(f Frame) error {
	mu.Lock()
	defer mu.Unlock()
	return conns[f.To].WriteJSON(f.Text)
}

// All sends to everyone.
func All(v any) {
	mu.Lock()
	defer mu.Unlock()
	for _, c := range conns {
		_ = c.WriteJSON(v)
	}
}
