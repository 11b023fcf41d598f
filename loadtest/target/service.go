package target

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// hub is what a corpus server does with its clients. desk does it right; each of
// the others embeds a desk and does one thing as somebody once did it.
type hub interface {
	// join makes the session known under its user; the first event that it posts
	// is "ready".
	join(c *session)
	// leave ends that. It may be called for a session that has left.
	leave(c *session)
	send(from *session, to, text string)
	ask(c *session, id, q string)
	resume(c *session, token string, since int)
	revoke(user string)
	inRoom(c *session, m *message)
	// over is called once when the server closes, after the last leave.
	over()
}

// session is one client of a corpus server.
type session struct {
	*peer
	d      *dialect
	user   string // changed by login, on the reader's goroutine
	device string
	box    chan parcel
	gone   chan struct{}
	done   sync.WaitGroup
}

// parcel is a frame on its way to the socket.
type parcel struct {
	data []byte
	lock *sync.Mutex // held while data is used, if it may change
	end  func(err error)
}

// mailbox is how many frames may wait for one client before it is cut off.
const mailbox = 4096

// post sends an event when the writer comes to it.
func (c *session) post(e *event) { c.put(parcel{data: c.d.frame(e)}) }

func (c *session) put(p parcel) {
	select {
	case c.box <- p:
	default:
		_ = c.ws.Close() // a client that does not read is cut off
	}
}

// write is the session's writer.
func (c *session) write() {
	defer c.done.Done()
	for {
		select {
		case p := <-c.box:
			c.deliver(p)
		case <-c.gone:
			c.drain()
			return
		}
	}
}

// drain ends what nobody will send any more.
func (c *session) drain() {
	for {
		select {
		case p := <-c.box:
			c.deliver(p)
		default:
			return
		}
	}
}

func (c *session) deliver(p parcel) {
	if p.lock != nil {
		p.lock.Lock()
		defer p.lock.Unlock()
	}
	err := c.peer.send(c.d.kind, p.data)
	if p.end != nil {
		p.end(err)
	}
}

// service is a corpus server.
type service struct {
	*http.ServeMux
	crowd *crowd
	d     *dialect
	hub   hub
	tally tally
}

func newService(d *dialect, make func(s *service) hub) *service {
	s := &service{ServeMux: http.NewServeMux(), crowd: newCrowd(), d: d}
	s.hub = make(s)
	s.HandleFunc("/ws", s.serveWS)
	s.HandleFunc("/revoke", s.revoke)
	return s
}

func (s *service) serveWS(w http.ResponseWriter, r *http.Request) {
	p, ok := s.crowd.accept(w, r)
	if !ok {
		return
	}
	defer s.crowd.leave(p)
	user, device, ok := s.d.hello(r, p)
	if !ok {
		return
	}
	c := &session{peer: p, d: s.d, user: user, device: device, box: make(chan parcel, mailbox), gone: make(chan struct{})}
	c.done.Add(1)
	go c.write()
	s.hub.join(c)
	s.tally.created.Add(1)
	s.tally.set(s.crowd.len())
	s.read(c)
	s.hub.leave(c)
	_ = p.ws.Close() // so that the writer's last frames fail instead of waiting
	close(c.gone)
	c.done.Wait()
}

func (s *service) read(c *session) {
	for {
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			return
		}
		m, ok := s.d.read(data)
		if !ok {
			c.post(&event{Kind: "error", Text: "not a message"})
			continue
		}
		s.handle(c, &m)
	}
}

func (s *service) handle(c *session, m *message) {
	switch m.Type {
	case "send":
		s.hub.send(c, m.To, m.Text)
		c.post(&event{Kind: "sent"})
	case "request":
		s.hub.ask(c, m.ID, m.Q)
	case "join", "leave", "room":
		s.hub.inRoom(c, m)
	case "login":
		s.hub.leave(c)
		c.user = m.User
		s.hub.join(c)
	case "logout":
		s.hub.leave(c)
		c.post(&event{Kind: "bye"})
	case "resume":
		s.hub.resume(c, m.Session, m.Since)
	default:
		c.post(&event{Kind: "error", Text: "unknown type"})
	}
}

func (s *service) revoke(w http.ResponseWriter, r *http.Request) {
	var n notice
	if body(w, r, &n) {
		s.hub.revoke(n.User)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *service) counts() Stats {
	s.tally.set(s.crowd.len())
	st := s.tally.stats()
	st.Connections = s.crowd.len()
	return st
}

func (s *service) close() {
	s.crowd.close()
	s.hub.over()
}

// closeWith tells the client why it is cut off, then does it.
func (c *session) closeWith(code int, reason string) {
	message := websocket.FormatCloseMessage(code, reason)
	_ = c.ws.WriteControl(websocket.CloseMessage, message, deadline()) // the socket may be gone
	_ = c.ws.Close()
}
