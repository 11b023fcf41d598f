package target

import (
	"maps"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
)

// M13: the table of clients is never changed, only replaced by a changed copy, so
// that reading needs no lock. Two who replace it at once both had the same copy.
type lostUpdate struct {
	*desk
	store *store
	table atomic.Pointer[map[string]*session]
}

func newLostUpdate(*service) hub {
	h := &lostUpdate{desk: newDesk(), store: newStore()}
	h.table.Store(&map[string]*session{})
	return h
}

func (h *lostUpdate) join(c *session) {
	next := maps.Clone(*h.table.Load())
	next[c.user] = c
	h.store.append("", c.user, "joined")
	h.table.Store(&next)
	h.desk.join(c)
}

func (h *lostUpdate) leave(c *session) {
	h.desk.leave(c)
	next := maps.Clone(*h.table.Load())
	if next[c.user] == c {
		delete(next, c.user)
		h.table.Store(&next)
	}
}

func (h *lostUpdate) send(from *session, to, text string) {
	if c := (*h.table.Load())[to]; c != nil {
		c.post(&event{Kind: "message", From: from.user, Text: text})
	}
}

func (h *lostUpdate) over() { h.store.close() }

// M14: a user has one connection, the newest; when any of his closes, he is taken
// off the list.
type wrongUnregister struct {
	*desk
	newest map[string]*session
}

func newWrongUnregister(*service) hub { return &wrongUnregister{newDesk(), map[string]*session{}} }

func (h *wrongUnregister) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.newest[c.user] = c
}

func (h *wrongUnregister) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.newest, c.user)
}

func (h *wrongUnregister) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if c := h.newest[to]; c != nil {
		c.post(&event{Kind: "message", From: from.user, Text: text})
	}
}

// M15: clients sit in numbered slots. A user remembers the slot, and nobody takes
// that from him when he goes.
type reusedSlot struct {
	*desk
	slots []*session
	slot  map[string]int
}

func newReusedSlot(*service) hub { return &reusedSlot{desk: newDesk(), slot: map[string]int{}} }

func (h *reusedSlot) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, taken := range h.slots {
		if taken == nil {
			h.slots[i], h.slot[c.user] = c, i
			return
		}
	}
	h.slots = append(h.slots, c)
	h.slot[c.user] = len(h.slots) - 1
}

func (h *reusedSlot) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, s := range h.slots {
		if s == c {
			h.slots[i] = nil
		}
	}
}

func (h *reusedSlot) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i, ok := h.slot[to]; ok && h.slots[i] != nil {
		h.slots[i].post(&event{Kind: "message", From: from.user, Text: text})
	}
}

// M16: a client's key is its user and its device, and the devices of a user are
// those whose key begins with him.
type prefixKey struct {
	*desk
	keys map[string]*session
}

func newPrefixKey(*service) hub { return &prefixKey{newDesk(), map[string]*session{}} }

func (h *prefixKey) join(c *session) {
	h.desk.join(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.keys[c.user+"/"+c.device] = c
}

func (h *prefixKey) leave(c *session) {
	h.desk.leave(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if key := c.user + "/" + c.device; h.keys[key] == c {
		delete(h.keys, key)
	}
}

func (h *prefixKey) send(from *session, to, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, c := range h.keys {
		if to != "" && strings.HasPrefix(key, to) {
			c.post(&event{Kind: "message", From: from.user, Text: text})
		}
	}
}

// M17: ids are decoded, trimmed, folded and, if they are numbers, read as such.
type foldedID struct{ *desk }

func newFoldedID(*service) hub { return &foldedID{newDesk()} }

func foldID(id string) string {
	if decoded, err := url.QueryUnescape(id); err == nil {
		id = decoded
	}
	id = strings.ToLower(strings.TrimSpace(id))
	if n, err := strconv.Atoi(id); err == nil {
		id = strconv.Itoa(n)
	}
	return id
}

func (h *foldedID) join(c *session) {
	c.user = foldID(c.user)
	h.desk.join(c)
}

func (h *foldedID) send(from *session, to, text string) { h.desk.send(from, foldID(to), text) }
