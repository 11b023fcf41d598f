package corpus

import (
	"slices"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// The logout is answered first and done after: for as long as the log takes, the
// connection is still the user's.
var m23Goodbye = mechanism{
	number: "M23", name: "late-goodbye",
	what:    "a logout is answered before the connection is taken from its user, and events arrive in between",
	instead: "the connection is taken from its user before the logout is answered",
	format:  chat.JSON, auth: chat.ByHeader, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify}, store: true,
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Hub = &politeHub{Directory: chat.NewDirectory(s.Format), store: s.Store, fixed: fixed}
	},
}

type politeHub struct {
	*chat.Directory
	store *chat.Store
	fixed bool
}

func (h *politeHub) Unbind(c *chat.Conn, bye *chat.Event) {
	user := c.User()
	if bye != nil && !h.fixed {
		c.Push(bye)
		bye = nil
	}
	h.store.Append(user, "offline")
	h.Directory.Unbind(c, bye)
}

// Who is in a room is looked up when somebody joins and kept until the next one
// does: who left, logged out or became another user goes on listening.
var m23Members = mechanism{
	number: "M23", name: "cached-members",
	what:    "the list of a room's members is kept when one leaves, logs out or logs in as somebody else",
	instead: "the list is thrown away when a member leaves in whatever way",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONRoom, chat.JSONSend},
	more: []string{chat.JSONRequest, chat.JSONLogout, chat.JSONRelogin},
	wire: func(s *chat.Service, fixed bool) {
		s.Rooms = &cachedRooms{fixed: fixed, members: map[string][]*chat.Conn{}, lists: map[string][]*chat.Conn{}}
	},
}

type cachedRooms struct {
	fixed   bool
	mu      sync.Mutex
	members map[string][]*chat.Conn
	lists   map[string][]*chat.Conn // copies to walk through
}

func (r *cachedRooms) Join(c *chat.Conn, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains(r.members[room], c) {
		r.members[room] = append(r.members[room], c)
	}
	delete(r.lists, room)
	c.Push(&chat.Event{Kind: chat.Joined, Room: room})
}

func (r *cachedRooms) Part(c *chat.Conn, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(c, room)
	c.Push(&chat.Event{Kind: chat.Left, Room: room})
}

func (r *cachedRooms) Leave(c *chat.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for room := range r.members {
		r.remove(c, room)
	}
}

func (r *cachedRooms) remove(c *chat.Conn, room string) {
	r.members[room] = chat.Without(r.members[room], c)
	if r.fixed {
		delete(r.lists, room)
	}
}

func (r *cachedRooms) Say(room string, ev *chat.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list, kept := r.lists[room]
	if !kept {
		list = slices.Clone(r.members[room])
		r.lists[room] = list
	}
	for _, c := range list {
		c.Push(ev)
	}
}
