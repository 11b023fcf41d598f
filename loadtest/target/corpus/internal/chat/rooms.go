package chat

import "sync"

// Rooms decides who gets what is said in a room. Leave is Part for every room: the
// connection is not its user's any more.
type Rooms interface {
	Join(c *Conn, room string)
	Part(c *Conn, room string)
	Leave(c *Conn)
	Say(room string, ev *Event)
}

// OpenRooms are the correct ones: sets of connections that anybody may join. Who
// is in one is pushed to under the lock that lets him in and out.
type OpenRooms struct {
	mu      sync.Mutex
	members map[string]map[*Conn]bool
}

// NewRooms returns rooms that are empty.
func NewRooms() *OpenRooms { return &OpenRooms{members: map[string]map[*Conn]bool{}} }

// Join adds a connection to a room and tells it so.
func (r *OpenRooms) Join(c *Conn, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.members[room] == nil {
		r.members[room] = map[*Conn]bool{}
	}
	r.members[room][c] = true
	c.Push(&Event{Kind: Joined, Room: room})
}

// Part takes a connection out of a room and tells it so.
func (r *OpenRooms) Part(c *Conn, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.remove(c, room)
	c.Push(&Event{Kind: Left, Room: room})
}

func (r *OpenRooms) remove(c *Conn, room string) {
	delete(r.members[room], c)
	if len(r.members[room]) == 0 {
		delete(r.members, room)
	}
}

// Leave takes a connection out of every room.
func (r *OpenRooms) Leave(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for room := range r.members {
		r.remove(c, room)
	}
}

// Say pushes an event to the members of a room.
func (r *OpenRooms) Say(room string, ev *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.members[room] {
		c.Push(ev)
	}
}
