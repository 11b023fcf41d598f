package chat

import "sync"

// rooms are sets of connections. Who is in one is pushed to under the lock that
// lets him in and out.
type rooms struct {
	mu      sync.Mutex
	members map[string]map[*Conn]bool
}

func (r *rooms) join(c *Conn, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members == nil {
		r.members = map[string]map[*Conn]bool{}
	}
	if r.members[room] == nil {
		r.members[room] = map[*Conn]bool{}
	}
	r.members[room][c] = true
	c.Push(&Event{Kind: Joined, Room: room})
}

func (r *rooms) part(c *Conn, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(c, room)
	c.Push(&Event{Kind: Left, Room: room})
}

func (r *rooms) remove(c *Conn, room string) {
	delete(r.members[room], c)
	if len(r.members[room]) == 0 {
		delete(r.members, room)
	}
}

// leave takes a connection out of every room.
func (r *rooms) leave(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for room := range r.members {
		r.remove(c, room)
	}
}

func (r *rooms) say(room string, ev *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.members[room] {
		c.Push(ev)
	}
}
