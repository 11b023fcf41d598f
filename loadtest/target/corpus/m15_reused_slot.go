package corpus

import (
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// The number of a connection is given to the next one while somebody still writes
// to it: gnet freed a descriptor before its close handler ran, and a late write
// went to the connection that had it next (issue 621).
var m15 = mechanism{
	number: "M15", name: "reused-slot",
	what:    "a socket that dies frees its slot but stays in its user's list, so his events go to the slot's next owner",
	instead: "a freed slot is taken off its user's list",
	format:  chat.Records, auth: chat.ByHeader, ready: chat.RecordsReady,
	emit: []string{chat.RecordsSend, chat.RecordsPut},
	more: []string{chat.RecordsRequest, chat.RecordsLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &slotTable{of: map[*chat.Conn]int{}, where: map[string]map[int]bool{}, fixed: fixed}
	},
}

type slotTable struct {
	fixed bool
	mu    sync.Mutex
	slots []*chat.Conn
	free  []int
	of    map[*chat.Conn]int
	where map[string]map[int]bool // the slots of a user
}

func (h *slotTable) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c, true)
	h.sit(c, user, h.take(), hello)
}

func (h *slotTable) sit(c *chat.Conn, user string, slot int, hello *chat.Event) {
	h.slots[slot], h.of[c] = c, slot
	h.mark(user, slot)
	c.Become(user, hello)
}

func (h *slotTable) mark(user string, slot int) {
	if h.where[user] == nil {
		h.where[user] = map[int]bool{}
	}
	h.where[user][slot] = true
}

func (h *slotTable) take() int {
	if n := len(h.free); n > 0 {
		slot := h.free[n-1]
		h.free = h.free[:n-1]
		return slot
	}
	h.slots = append(h.slots, nil)
	return len(h.slots) - 1
}

func (h *slotTable) Unbind(c *chat.Conn, bye *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c, bye != nil)
	c.Become("", bye)
}

// drop frees a connection's slot; orderly is false when its socket just died.
func (h *slotTable) drop(c *chat.Conn, orderly bool) {
	slot, ok := h.of[c]
	if !ok {
		return
	}
	delete(h.of, c)
	h.slots[slot] = nil
	h.free = append(h.free, slot)
	if orderly || h.fixed {
		delete(h.where[c.User()], slot)
	}
}

func (h *slotTable) Deliver(to string, ev *chat.Event) (found bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for slot := range h.where[to] {
		if c := h.slots[slot]; c != nil {
			c.Push(ev)
			found = true
		}
	}
	return found
}
