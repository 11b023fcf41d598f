// Package melody does what the library of that name does, as far as the servers in
// the tests need it: they run where nothing can be fetched.
package melody

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Config has the settings.
type Config struct {
	WriteWait, PongWait, PingPeriod time.Duration
	MaxMessageSize                  int64
	MessageBufferSize               int
}

// Melody knows all sessions.
type Melody struct {
	Config   *Config
	Upgrader *websocket.Upgrader

	connect, disconnect func(*Session)
	message, binary     func(*Session, []byte)

	mu       sync.Mutex
	sessions map[*Session]bool
}

// New makes one.
func New() *Melody {
	none, nothing := func(*Session) {}, func(*Session, []byte) {}
	return &Melody{
		Config:   &Config{WriteWait: 10 * time.Second, PongWait: time.Minute, PingPeriod: 54 * time.Second, MaxMessageSize: 512, MessageBufferSize: 256},
		Upgrader: &websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }},
		connect:  none, disconnect: none, message: nothing, binary: nothing, sessions: map[*Session]bool{},
	}
}

func (m *Melody) HandleConnect(f func(*Session))               { m.connect = f }
func (m *Melody) HandleDisconnect(f func(*Session))            { m.disconnect = f }
func (m *Melody) HandleMessage(f func(*Session, []byte))       { m.message = f }
func (m *Melody) HandleMessageBinary(f func(*Session, []byte)) { m.binary = f }
func (m *Melody) HandleError(func(*Session, error))            {}

func (m *Melody) HandleRequest(w http.ResponseWriter, r *http.Request) error {
	return m.HandleRequestWithKeys(w, r, nil)
}

func (m *Melody) HandleRequestWithKeys(w http.ResponseWriter, r *http.Request, keys map[string]any) error {
	conn, err := m.Upgrader.Upgrade(w, r, w.Header())
	if err != nil {
		return err
	}
	s := &Session{Request: r, Keys: keys, conn: conn}
	m.mu.Lock()
	m.sessions[s] = true
	m.mu.Unlock()
	m.connect(s)
	conn.SetReadLimit(m.Config.MaxMessageSize)
	for {
		mt, data, err := conn.ReadMessage()
		if err != nil {
			break
		}
		if mt == websocket.TextMessage {
			m.message(s, data)
		} else {
			m.binary(s, data)
		}
	}
	m.mu.Lock()
	delete(m.sessions, s)
	m.mu.Unlock()
	conn.Close()
	m.disconnect(s)
	return nil
}

func (m *Melody) each(mt int, data []byte, f func(*Session) bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for s := range m.sessions {
		if f(s) {
			s.write(mt, data)
		}
	}
	return nil
}

func all(*Session) bool { return true }

func (m *Melody) Broadcast(data []byte) error { return m.each(websocket.TextMessage, data, all) }

func (m *Melody) BroadcastFilter(data []byte, f func(*Session) bool) error {
	return m.each(websocket.TextMessage, data, f)
}

func (m *Melody) BroadcastBinaryFilter(data []byte, f func(*Session) bool) error {
	return m.each(websocket.BinaryMessage, data, f)
}

func (m *Melody) BroadcastOthers(data []byte, s *Session) error {
	return m.each(websocket.TextMessage, data, func(other *Session) bool { return other != s })
}

func (m *Melody) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.sessions)
}

// Session is one connection.
type Session struct {
	Request *http.Request
	Keys    map[string]any

	conn    *websocket.Conn
	mu      sync.RWMutex
	writing sync.Mutex
}

func (s *Session) write(mt int, data []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.conn.WriteMessage(mt, data)
}

func (s *Session) Write(data []byte) error       { return s.write(websocket.TextMessage, data) }
func (s *Session) WriteBinary(data []byte) error { return s.write(websocket.BinaryMessage, data) }
func (s *Session) Close() error                  { return s.write(websocket.CloseMessage, nil) }

func (s *Session) Set(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Keys == nil {
		s.Keys = map[string]any{}
	}
	s.Keys[key] = value
}

func (s *Session) Get(key string) (any, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	value, ok := s.Keys[key]
	return value, ok
}

func (s *Session) MustGet(key string) any {
	value, ok := s.Get(key)
	if !ok {
		panic(errors.New("no such key: " + key))
	}
	return value
}
