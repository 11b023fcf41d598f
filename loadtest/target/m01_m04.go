package target

import (
	"sync"
	"time"
)

// M01: "to" is empty or unknown, so it must be for everybody.
type broadcasting struct{ *desk }

func newBroadcasting(*service) hub { return &broadcasting{newDesk()} }

func (b *broadcasting) send(from *session, to, text string) {
	b.mu.Lock()
	_, known := b.users[to]
	var all []string
	for user := range b.users {
		all = append(all, user)
	}
	b.mu.Unlock()
	if known {
		b.desk.send(from, to, text)
		return
	}
	for _, user := range all {
		b.desk.send(from, user, text)
	}
}

// M02: one handler object serves every user, and each connect sets its connection.
type oneHandler struct {
	*desk
	connection *session
}

func newOneHandler(*service) hub { return &oneHandler{desk: newDesk()} }

func (h *oneHandler) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.connection = c
}

func (h *oneHandler) send(from *session, _, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.connection.post(&event{Kind: "message", From: from.user, Text: text})
}

// M03: who is meant stands in a field while the message is saved.
type sharedField struct {
	*desk
	store     *store
	recipient string
}

func newSharedField(*service) hub { return &sharedField{desk: newDesk(), store: newStore()} }

func (f *sharedField) send(from *session, to, text string) {
	f.mu.Lock()
	f.recipient = to
	f.mu.Unlock()
	f.store.append(from.user, to, text)
	f.mu.Lock()
	to = f.recipient
	f.mu.Unlock()
	f.desk.send(from, to, text)
}

func (f *sharedField) over() { f.store.close() }

// M04: messages are delivered in batches, a goroutine for each, and the recipient
// is declared outside the loop.
type sharedLoop struct {
	*desk
	service *service
	pending []letter
}

type letter struct {
	from     *session
	to, text string
}

const batchEvery = time.Millisecond

func newSharedLoop(s *service) hub { return &sharedLoop{desk: newDesk(), service: s} }

func (l *sharedLoop) send(from *session, to, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending = append(l.pending, letter{from, to, text})
	if len(l.pending) == 1 {
		time.AfterFunc(batchEvery, l.flush)
	}
}

func (l *sharedLoop) flush() {
	l.mu.Lock()
	batch := l.pending
	l.pending = nil
	l.mu.Unlock()
	var recipient string
	var lock sync.Mutex
	var all sync.WaitGroup
	for _, one := range batch {
		lock.Lock()
		recipient = one.to
		lock.Unlock()
		all.Go(func() {
			lock.Lock()
			to := recipient
			lock.Unlock()
			l.desk.send(one.from, to, one.text)
		})
	}
	all.Wait()
}
