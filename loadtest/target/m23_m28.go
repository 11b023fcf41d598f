package target

import (
	"context"
	"hash/fnv"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// M23: a revoked user may not connect any more, until he logs in again; that he is
// connected is forgotten.
type cachedRights struct{ *desk }

func newCachedRights(*service) hub { return &cachedRights{newDesk()} }

func (h *cachedRights) revoke(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a := h.users[user]; a != nil {
		clear(a.tokens)
	}
}

// M24: a device has a name, the client says which.
type trustedDevice struct {
	*desk
	devices map[string]*session
	device  map[string]string
}

func newTrustedDevice(*service) hub {
	return &trustedDevice{newDesk(), map[string]*session{}, map[string]string{}}
}

func (h *trustedDevice) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.devices[c.device], h.device[c.user] = c, c.device
}

func (h *trustedDevice) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.devices[c.device] == c {
		delete(h.devices, c.device)
	}
}

func (h *trustedDevice) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.devices[h.device[to]]; c != nil {
		c.post(&event{Kind: "message", From: from.user, Text: text})
	}
}

// M25: users are numbered as they first come, connections as they come. As long as
// everybody has come once, the numbers are the same.
type wrongNumber struct {
	*desk
	numbers     map[string]int
	connections map[int]*session
	last        int
}

func newWrongNumber(*service) hub {
	return &wrongNumber{newDesk(), map[string]int{}, map[int]*session{}, 0}
}

func (h *wrongNumber) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.numbers[c.user] == 0 {
		h.numbers[c.user] = len(h.numbers) + 1
	}
	h.last++
	h.connections[h.last] = c
}

func (h *wrongNumber) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	for n, s := range h.connections {
		if s == c {
			delete(h.connections, n)
		}
	}
}

func (h *wrongNumber) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.connections[h.numbers[to]]; c != nil {
		c.post(&event{Kind: "message", From: from.user, Text: text})
	}
}

// M26: one goroutine does all the writing, one frame after the other.
type oneWorker struct {
	*desk
	queue chan outgoing
}

type outgoing struct {
	to   *session
	data []byte
}

func newOneWorker(s *service) hub {
	h := &oneWorker{newDesk(), make(chan outgoing, mailbox)}
	s.crowd.spawn(func(ctx context.Context) {
		for {
			select {
			case o := <-h.queue:
				_ = o.to.peer.send(o.to.d.kind, o.data) // the reader sees a broken socket
			case <-ctx.Done():
				return
			}
		}
	})
	return h
}

func (h *oneWorker) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.users[to]
	if a == nil {
		return
	}
	data := from.d.frame(&event{Kind: "message", From: from.user, Text: text})
	for _, c := range a.sessions {
		select {
		case h.queue <- outgoing{c, data}:
		default: // the worker is behind
		}
	}
}

// M27: somebody wanted to see in a packet dump what a connection was doing, and put
// the last message into the pings.
type chattyPing struct {
	*desk
	last atomic.Pointer[string]
}

const pingEvery = 20 * time.Millisecond

func newChattyPing(s *service) hub {
	h := &chattyPing{desk: newDesk()}
	s.crowd.spawn(h.pings)
	return h
}

func (h *chattyPing) pings(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			h.pingAll()
		case <-ctx.Done():
			return
		}
	}
}

func (h *chattyPing) pingAll() {
	last := h.last.Load()
	if last == nil {
		return
	}
	h.mu.Lock()
	var all []*session
	for _, a := range h.users {
		all = append(all, a.sessions...)
	}
	h.mu.Unlock()
	for _, c := range all {
		_ = c.ws.WriteControl(websocket.PingMessage, []byte(*last), deadline()) // the reader sees a broken socket
	}
}

func (h *chattyPing) send(from *session, to, text string) {
	h.desk.send(from, to, text)
	if len(text) <= 125 {
		h.last.Store(&text)
	}
}

// M28: two nodes. What is for a user of the other node goes over the broker under
// the user's shard, and the node hands it to all of its clients in that shard.
type wideSubscription struct {
	*desk
	joined int
	node   map[*session]int
}

const shards = 4

func newWideSubscription(*service) hub { return &wideSubscription{newDesk(), 0, map[*session]int{}} }

func shardOf(user string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(user)) // a hash never fails
	return h.Sum32() % shards
}

func (h *wideSubscription) join(c *session) {
	h.mu.Lock()
	h.joined++
	h.node[c] = h.joined % 2
	h.mu.Unlock()
	h.desk.join(c)
}

func (h *wideSubscription) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.node, c)
}

func (h *wideSubscription) send(from *session, to, text string) {
	e := &event{Kind: "message", From: from.user, Text: text}
	h.mu.Lock()
	defer h.mu.Unlock()
	here := h.node[from]
	for user, a := range h.users {
		for _, c := range a.sessions {
			local := h.node[c] == here
			if local && user == to || !local && shardOf(user) == shardOf(to) {
				c.post(e)
			}
		}
	}
}
