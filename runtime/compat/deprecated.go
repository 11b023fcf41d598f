package compat

import (
	"context"

	"github.com/gorilla/websocket"
)

// The methods of this file are what old code calls. They alone carry go:fix directives, and none calls another of
// them: where two such layers nest, go fix drops all the fixes of a package.

// SendToUser sends a message to one user's connections.
//
// Deprecated: use an emitter of [wsruntime.Factory.Emitter], or For(userID).Send(message) on the way there.
//
//go:fix inline
func (m *Manager) SendToUser(userID string, message any) error {
	return m.For(userID).Send(message)
}

// Broadcast sends a message to everybody who is connected.
//
// Deprecated: most messages are for somebody. Use [wsruntime.Factory.Broadcast] for those that are not.
//
//go:fix inline
func (m *Manager) Broadcast(message any) error {
	return m.BroadcastAll(message)
}

// Connect registers a connection of a user. The caller goes on reading it, and calls [Manager.Unregister] at the end.
//
// Deprecated: use [wsruntime.Factory.Handler] or [wsruntime.Factory.Serve], which upgrade and read themselves.
//
//go:fix inline
func (m *Manager) Connect(userID string, conn *websocket.Conn) error {
	return m.For(userID).Attach(conn)
}

// Register registers a connection of a user.
//
// Deprecated: use [wsruntime.Factory.Handler] or [wsruntime.Factory.Serve].
//
//go:fix inline
func (m *Manager) Register(userID string, conn *websocket.Conn) error {
	return m.For(userID).Attach(conn)
}

// Disconnect closes all connections of a user.
//
// Deprecated: close connections by their handle, or use [wsruntime.Factory.Revoke].
//
//go:fix inline
func (m *Manager) Disconnect(userID string) error {
	return m.For(userID).CloseAll()
}

// Unregister closes one connection of a user; newer ones of the same user are not affected.
//
// Deprecated: a connection of [wsruntime.Factory.Serve] ends with its reader, there is nothing to unregister.
//
//go:fix inline
func (m *Manager) Unregister(userID string, conn *websocket.Conn) error {
	return m.For(userID).Detach(conn)
}

// IsConnected tells whether a user has a connection. An answer may be out of date when it arrives: send, and look at
// the error.
//
// Deprecated: look for [wsruntime.ErrNoConnection].
//
//go:fix inline
func (m *Manager) IsConnected(userID string) bool {
	return m.For(userID).Connected()
}

// ConnectedUsers lists the users who have a connection.
//
// Deprecated: use [wsruntime.Factory.ByUser].
//
//go:fix inline
func (m *Manager) ConnectedUsers() []string {
	return m.Users()
}

// Shutdown closes everything.
//
// Deprecated: use [wsruntime.Factory.Shutdown].
//
//go:fix inline
func (m *Manager) Shutdown() error {
	return m.Stop(context.Background())
}
