package target

import (
	"net/http"
	"sync"
	"sync/atomic"
)

var singletonKind = kind{
	Info: Info{
		Name:       "singleton",
		Mechanisms: []string{"M02", "M03", "M14", "M17", "M23"},
		Twin:       "factory",
		About: "one manager behind GetManager: its current user is set by one request and read by another (M03), its registry has one " +
			"connection a user, the newest (M02), under a normalised id (M17), a closing connection unregisters its successor (M14), and a " +
			"login or a revocation leaves the socket registered (M23)",
	},
	config: builtinConfig,
	start:  func() (app, error) { return newSingleton(), nil },
}

// singleton is the service around the manager: what a main package would be.
type singleton struct {
	*http.ServeMux
	crowd *crowd
	once  sync.Once
	inst  *Manager
}

func newSingleton() *singleton {
	s := &singleton{ServeMux: http.NewServeMux(), crowd: newCrowd()}
	s.HandleFunc("/ws", s.serveWS)
	s.HandleFunc("/notify", s.notify)
	s.HandleFunc("/revoke", s.revoke)
	return s
}

// GetManager is how every handler reaches the one manager of the process.
func (s *singleton) GetManager() *Manager {
	s.once.Do(func() {
		s.inst = newManager(s.crowd)
	})
	return s.inst
}

func (s *singleton) serveWS(w http.ResponseWriter, r *http.Request) {
	user := r.URL.Query().Get("user")
	if user == "" {
		http.Error(w, "user is missing", http.StatusUnauthorized)
		return
	}
	p, ok := s.crowd.accept(w, r)
	if !ok {
		return
	}
	defer s.crowd.leave(p)
	c := &client{peer: p, user: user}
	s.GetManager().Register(c)
	defer func() { s.GetManager().Unregister(c.user) }()
	p.each(func(m *message) bool { return s.handle(c, m) })
}

func (s *singleton) handle(c *client, m *message) bool {
	mgr := s.GetManager()
	switch m.Type {
	case "send":
		mgr.SetCurrentUser(m.To)
		saved := mgr.store.append(c.user, m.To, m.Text)
		c.write(frame{Type: "sent", Data: saved.ID})
		mgr.EmitToCurrent("message", saved)
	case "request":
		mgr.SetCurrentUser(c.user)
		mgr.store.append(c.user, c.user, m.ID)
		mgr.EmitToCurrent("reply", map[string]string{"id": m.ID, "q": m.Q})
	case "join":
		mgr.Join(c, m.Room)
		c.write(frame{Type: "joined", Data: m.Room})
	case "leave":
		mgr.Leave(c, m.Room)
		c.write(frame{Type: "left", Data: m.Room})
	case "room":
		mgr.EmitToRoom(m.Room, frame{Type: "room", Data: map[string]string{"room": m.Room, "from": c.user, "text": m.Text}})
	case "login":
		c.user = m.User
		mgr.Register(c)
	case "logout":
		c.write(frame{Type: "bye"})
		mgr.Unregister(c.user)
	default:
		c.write(frame{Type: "error", Data: "unknown type"})
	}
	return true
}

func (s *singleton) notify(w http.ResponseWriter, r *http.Request) {
	var n notice
	if !body(w, r, &n) {
		return
	}
	mgr := s.GetManager()
	mgr.SetCurrentUser(n.User)
	mgr.store.append("", n.User, n.Text)
	mgr.EmitToCurrent("notify", map[string]any{"text": n.Text, "profile": n.Profile})
	w.WriteHeader(http.StatusNoContent)
}

func (s *singleton) revoke(w http.ResponseWriter, r *http.Request) {
	var n notice
	if body(w, r, &n) {
		s.GetManager().EndSession(n.User)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *singleton) counts() Stats {
	st := s.GetManager().stats()
	st.Connections = s.crowd.len()
	return st
}

func (s *singleton) close() {
	s.crowd.close()
	s.GetManager().store.close()
}

// tally counts what a server keeps.
type tally struct{ created, active, peak atomic.Uint64 }

func (t *tally) set(active int) {
	n := uint64(active)
	t.active.Store(n)
	for old := t.peak.Load(); n > old && !t.peak.CompareAndSwap(old, n); old = t.peak.Load() {
	}
}

func (t *tally) stats() Stats {
	return Stats{Created: t.created.Load(), Active: t.active.Load(), Peak: t.peak.Load()}
}
