package target

import (
	"encoding/binary"
	"net"
	"sync"
	"unsafe"
)

// M09: everybody encodes with the hub's encoder. It is locked while it encodes; the
// writers read its buffer later.
type sharedEncoder struct {
	*desk
	encoder scratch
}

func newSharedEncoder(*service) hub { return &sharedEncoder{desk: newDesk()} }

func (h *sharedEncoder) send(from *session, to, text string) {
	h.put(to, h.encoder.fill(from.d, &event{Kind: "message", From: from.user, Text: text}))
}

// M10: the sender writes to the recipient's socket himself, header first, payload
// then, without a lock that would keep others from doing so in between.
type splicing struct{ *desk }

func newSplicing(*service) hub { return &splicing{newDesk()} }

func (s *splicing) send(from *session, to, text string) {
	payload := from.d.frame(&event{Kind: "message", From: from.user, Text: text})
	s.mu.Lock()
	var sockets []net.Conn
	if a := s.users[to]; a != nil {
		for _, c := range a.sessions {
			sockets = append(sockets, c.ws.NetConn())
		}
	}
	s.mu.Unlock()
	for _, socket := range sockets {
		_, _ = socket.Write(frameHeader(len(payload))) // the reader sees a broken socket
		_, _ = socket.Write(payload)
	}
}

// frameHeader begins an unmasked binary message.
func frameHeader(n int) []byte {
	head := []byte{0x82, 0}
	switch {
	case n < 126:
		head[1] = byte(n)
		return head
	case n < 1<<16:
		head[1] = 126
		return binary.BigEndian.AppendUint16(head, uint16(n))
	}
	head[1] = 127
	return binary.BigEndian.AppendUint64(head, uint64(n))
}

// M11: the handler takes a request from a pool, starts a goroutine that answers
// when the store has saved the question, and gives the request back.
type pooledRequest struct {
	*desk
	store *store
	free  requestPool
}

type request struct {
	mu sync.Mutex
	by *session
	id string
}

type requestPool struct {
	mu   sync.Mutex
	free []*request
	jobs sync.WaitGroup
}

func newPooledRequest(*service) hub { return &pooledRequest{desk: newDesk(), store: newStore()} }

func (p *requestPool) get() *request {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		r := p.free[n-1]
		p.free = p.free[:n-1]
		return r
	}
	return &request{}
}

func (p *requestPool) put(r *request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, r)
}

func (h *pooledRequest) ask(c *session, id, q string) {
	r := h.free.get()
	defer h.free.put(r)
	r.mu.Lock()
	r.by, r.id = c, id
	r.mu.Unlock()
	h.free.jobs.Go(func() {
		h.store.append(c.user, "", q)
		r.mu.Lock()
		by, id := r.by, r.id
		r.mu.Unlock()
		by.post(&event{Kind: "reply", ID: id, Text: q})
	})
}

func (h *pooledRequest) over() {
	h.free.jobs.Wait()
	h.store.close()
}

// M12: the id of each client is a string over the bytes of the handshake, which
// are the next handshake's as well.
type aliasedID struct {
	*desk
	buffer   [256]byte
	sessions map[*session]string
}

func newAliasedID(*service) hub { return &aliasedID{desk: newDesk(), sessions: map[*session]string{}} }

func (h *aliasedID) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	n := copy(h.buffer[:], c.user)
	h.sessions[c] = unsafe.String(&h.buffer[0], n)
}

func (h *aliasedID) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.sessions, c)
}

func (h *aliasedID) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, id := range h.sessions {
		if id == to {
			c.post(&event{Kind: "message", From: from.user, Text: text})
		}
	}
}
