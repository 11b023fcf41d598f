// Package compat has the exported signatures of the real layer, as far as the
// shapes need them.
package compat

type Manager struct{ hidden int }

func GetManager() *Manager { return nil }

func (m *Manager) SendToUser(user, event string, data any) error { return nil }
func (m *Manager) Broadcast(event string, data any) error        { return nil }
func (m *Manager) Connect(user string)                           {}
func (m *Manager) Register(user string)                          {}
func (m *Manager) Disconnect(user string)                        {}
func (m *Manager) Unregister(user string)                        {}
func (m *Manager) IsConnected(user string) bool                  { return GetManager() == nil }
func (m *Manager) ConnectedUsers() []string                      { return nil }
func (m *Manager) Shutdown()                                     {}
func (m *Manager) Later()                                        {}

func (m *Manager) For(user string) Emitter { return Emitter{} }

type Emitter struct{ hidden int }

func (e Emitter) Send(message any) error { return nil }
func (e Emitter) Connected() bool        { return false }

type Site struct {
	File  string
	Line  int
	Count uint64
}

func (s Site) String() string { return s.File }

func Sites() []Site  { return nil }
func Strict(on bool) {}
