package target

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"sync"
)

// ringLen is how many events are kept for a user who resumes.
const ringLen = 64

// desk is the correct corpus server: everything under one lock, posting to
// mailboxes and never waiting while it is held.
type desk struct {
	mu    sync.Mutex
	users map[string]*account
	rooms map[string]map[string]bool // by room, the users in it
}

// account is one user.
type account struct {
	sessions []*session
	n        int
	ring     []event
	tokens   map[string]int // by session token, the position at which it began
	first    map[*session]int
}

func newDesk() *desk {
	return &desk{users: map[string]*account{}, rooms: map[string]map[string]bool{}}
}

func (d *desk) account(user string) *account {
	a := d.users[user]
	if a == nil {
		a = &account{tokens: map[string]int{}, first: map[*session]int{}}
		d.users[user] = a
	}
	return a
}

func newToken() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

func (d *desk) join(c *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.account(c.user)
	token := newToken()
	c.post(&event{Kind: "ready", Session: token})
	a.tokens[token] = a.n
	a.first[c] = a.n
	a.sessions = append(a.sessions, c)
}

func (d *desk) leave(c *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if a := d.users[c.user]; a != nil {
		a.sessions = slices.DeleteFunc(a.sessions, func(s *session) bool { return s == c })
		delete(a.first, c)
	}
}

func (d *desk) send(from *session, to, text string) {
	d.route(to, &event{Kind: "message", From: from.user, Text: text})
}

// route gives an event to every session of a user.
func (d *desk) route(to string, e *event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.users[to]
	if a == nil {
		return // nobody of that name was ever here
	}
	a.n++
	e.N = a.n
	if a.ring = append(a.ring, *e); len(a.ring) > ringLen {
		a.ring = slices.Delete(a.ring, 0, 1)
	}
	for _, c := range a.sessions {
		c.post(e)
	}
}

func (d *desk) ask(c *session, id, q string) { c.post(&event{Kind: "reply", ID: id, Text: q}) }

// resume replays what the user missed between the token's last event and the
// moment the present session joined, if the token is the user's own.
func (d *desk) resume(c *session, token string, since int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.users[c.user]
	if a == nil {
		return
	}
	began, ok := a.tokens[token]
	first, here := a.first[c]
	if !ok || !here {
		c.post(&event{Kind: "error", Text: "no such session"})
		return
	}
	for _, e := range a.ring {
		if e.N > max(since, began) && e.N <= first {
			c.post(&e)
		}
	}
	c.post(&event{Kind: "resumed"})
}

// revoke cuts the user off; what is sent later reaches nobody.
func (d *desk) revoke(user string) {
	d.mu.Lock()
	a := d.users[user]
	var cut []*session
	if a != nil {
		cut, a.sessions, a.ring = a.sessions, nil, nil
		clear(a.tokens)
	}
	d.mu.Unlock()
	for _, c := range cut {
		c.closeWith(1008, "revoked")
	}
}

func (d *desk) inRoom(c *session, m *message) {
	d.mu.Lock()
	defer d.mu.Unlock()
	members := d.rooms[m.Room]
	if members == nil {
		members = map[string]bool{}
		d.rooms[m.Room] = members
	}
	switch m.Type {
	case "join":
		members[c.user] = true
		c.post(&event{Kind: "joined", Room: m.Room})
	case "leave":
		delete(members, c.user)
		c.post(&event{Kind: "left", Room: m.Room})
	default:
		for user := range members {
			for _, s := range d.account(user).sessions {
				s.post(&event{Kind: "room", Room: m.Room, From: c.user, Text: m.Text})
			}
		}
	}
}

func (d *desk) over() {}

// deskKind is the correct server of a dialect.
func deskKind(d *dialect) kind {
	return kind{
		Info:   Info{Name: "desk-" + d.name, Mechanisms: []string{}, About: "a small correct server in the " + d.name + " dialect"},
		config: d.config,
		start:  func() (app, error) { return newService(d, func(*service) hub { return newDesk() }), nil },
	}
}
