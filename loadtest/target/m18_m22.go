package target

import (
	"context"
	"sync"
	"time"
)

// M18: a question that was asked lately is answered from memory.
type sharedCache struct {
	*desk
	answers map[string]answer
}

type answer struct {
	text string
	at   time.Time
}

const cacheFor = 50 * time.Millisecond

func newSharedCache(*service) hub { return &sharedCache{newDesk(), map[string]answer{}} }

func (h *sharedCache) ask(c *session, id, q string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a, ok := h.answers[id]
	if !ok || time.Since(a.at) > cacheFor {
		a = answer{q, time.Now()}
		h.answers[id] = a
	}
	c.post(&event{Kind: "reply", ID: id, Text: a.text})
}

// M19: questions go to a back end over one connection, answers come in the same
// order. Who stops waiting leaves his answer to the next.
type shiftedReplies struct {
	*desk
	ctx       context.Context
	turn      sync.Mutex
	questions chan string
	replies   chan string
	cancels   map[*session]context.CancelFunc
	contexts  map[*session]context.Context
}

const backEndTakes = 500 * time.Microsecond

func newShiftedReplies(s *service) hub {
	h := &shiftedReplies{desk: newDesk(), ctx: s.crowd.ctx, questions: make(chan string, 64), replies: make(chan string, 64),
		cancels: map[*session]context.CancelFunc{}, contexts: map[*session]context.Context{}}
	s.crowd.spawn(h.backEnd)
	return h
}

func (h *shiftedReplies) backEnd(ctx context.Context) {
	for {
		select {
		case q := <-h.questions:
			time.Sleep(backEndTakes)
			select {
			case h.replies <- q:
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

func (h *shiftedReplies) join(c *session) {
	h.mu.Lock()
	h.contexts[c], h.cancels[c] = context.WithCancel(h.ctx)
	h.mu.Unlock()
	h.desk.join(c)
}

func (h *shiftedReplies) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if cancel := h.cancels[c]; cancel != nil {
		cancel()
	}
	delete(h.cancels, c)
	delete(h.contexts, c)
}

func (h *shiftedReplies) ask(c *session, id, q string) {
	h.mu.Lock()
	ctx := h.contexts[c]
	h.mu.Unlock()
	if ctx == nil {
		return
	}
	c.done.Go(func() {
		h.turn.Lock()
		defer h.turn.Unlock()
		select {
		case h.questions <- q:
		case <-ctx.Done():
			return
		}
		select {
		case text := <-h.replies:
			c.post(&event{Kind: "reply", ID: id, Text: text})
		case <-ctx.Done():
		}
	})
}

// M20: a token is as good as the user himself.
type openResume struct{ *desk }

func newOpenResume(*service) hub { return &openResume{newDesk()} }

func (h *openResume) resume(c *session, token string, since int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.users {
		began, ok := a.tokens[token]
		if !ok {
			continue
		}
		for _, e := range a.ring {
			if e.N > max(since, began) {
				c.post(&e)
			}
		}
	}
	c.post(&event{Kind: "resumed"})
}

// M21: contexts of users who left are kept for when they come back, with what was
// sent to them meanwhile. There are only so many; a newcomer gets the oldest one.
type backlog struct {
	*desk
	contexts []*boxed
}

type boxed struct {
	user    string
	session *session
	waiting []event
}

const (
	maxContexts = 4
	maxWaiting  = 32
)

func newBacklog(*service) hub { return &backlog{desk: newDesk()} }

func (h *backlog) find(user string) *boxed {
	for _, b := range h.contexts {
		if b.user == user {
			return b
		}
	}
	return nil
}

func (h *backlog) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.find(c.user)
	if b == nil {
		b = h.place()
		b.user = c.user
	}
	b.session = c
	for i := range b.waiting {
		c.post(&b.waiting[i])
	}
	b.waiting = nil
}

// place evicts somebody who is away when there are many, or makes a new context.
func (h *backlog) place() *boxed {
	if len(h.contexts) >= maxContexts {
		for i, b := range h.contexts {
			if b.session == nil {
				h.contexts = append(append(h.contexts[:i:i], h.contexts[i+1:]...), b)
				return b
			}
		}
	}
	b := &boxed{}
	h.contexts = append(h.contexts, b)
	return b
}

func (h *backlog) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.find(c.user); b != nil && b.session == c {
		b.session = nil
	}
}

func (h *backlog) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := event{Kind: "message", From: from.user, Text: text}
	switch b := h.find(to); {
	case b == nil:
	case b.session != nil:
		b.session.post(&e)
	case len(b.waiting) < maxWaiting:
		b.waiting = append(b.waiting, e)
	}
}

// M22: a place is taken, the user is entered, and then a check may still say no: a
// user may not be connected twice. The place is given back, the entry stays.
type halfMade struct {
	*desk
	places []*session
	place  map[string]int
}

func newHalfMade(*service) hub { return &halfMade{desk: newDesk(), place: map[string]int{}} }

func (h *halfMade) join(c *session) {
	h.mu.Lock()
	old, twice := h.place[c.user]
	twice = twice && h.places[old] != nil && h.places[old].user == c.user
	at := h.free()
	h.place[c.user] = at
	if !twice {
		h.places[at] = c
	}
	h.mu.Unlock()
	if twice {
		c.closeWith(1008, "connected already")
		return
	}
	h.desk.join(c)
}

func (h *halfMade) free() int {
	for i, c := range h.places {
		if c == nil {
			return i
		}
	}
	h.places = append(h.places, nil)
	return len(h.places) - 1
}

func (h *halfMade) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.places {
		if s == c {
			h.places[i] = nil
			if h.place[c.user] == i {
				delete(h.place, c.user)
			}
		}
	}
}

func (h *halfMade) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i, ok := h.place[to]; ok && h.places[i] != nil {
		h.places[i].post(&event{Kind: "message", From: from.user, Text: text})
	}
}
