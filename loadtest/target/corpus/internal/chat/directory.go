package chat

import "sync"

// Hub decides who gets what. Bind makes a connection a user's, and hello is the
// first that it gets as such; a connection that was another user's before is not
// his any more. Unbind makes it nobody's, and bye (nil when the socket is gone) is
// the last that it gets. Deliver hands an event to a user and reports whether
// there was one to take it.
type Hub interface {
	Bind(c *Conn, user string, hello *Event)
	Unbind(c *Conn, bye *Event)
	Deliver(to string, ev *Event) bool
}

// Directory is the correct hub: every connection of a user, under his exact id,
// for as long as the connection is his. Whoever is in it is pushed to under the
// same lock that lets him in and out, so that no event passes his hello or his
// bye.
type Directory struct {
	mu     sync.Mutex
	format Format
	conns  map[string][]*Conn
}

// NewDirectory returns an empty directory whose clients speak the format.
func NewDirectory(f Format) *Directory {
	return &Directory{format: f, conns: map[string][]*Conn{}}
}

// Bind adds a connection to the user's.
func (d *Directory) Bind(c *Conn, user string, hello *Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop(c)
	d.conns[user] = append(d.conns[user], c)
	c.Become(user, hello)
}

// Unbind takes a connection from its user's.
func (d *Directory) Unbind(c *Conn, bye *Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.drop(c)
	c.Become("", bye)
}

func (d *Directory) drop(c *Conn) {
	user := c.User()
	d.conns[user] = Without(d.conns[user], c)
	if len(d.conns[user]) == 0 {
		delete(d.conns, user)
	}
}

// Deliver pushes an event to every connection of the user.
func (d *Directory) Deliver(to string, ev *Event) bool {
	return d.DeliverFrame(to, d.format.Encode(ev))
}

// DeliverFrame is Deliver for an event that is encoded already.
func (d *Directory) DeliverFrame(to string, f Frame) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns[to] {
		c.PushFrame(f)
	}
	return len(d.conns[to]) > 0
}

// Each visits every connection of every user.
func (d *Directory) Each(visit func(c *Conn)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, conns := range d.conns {
		for _, c := range conns {
			visit(c)
		}
	}
}

// Kick closes every connection of a user, after which none of them is his.
func (d *Directory) Kick(user, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns[user] {
		c.Become("", nil)
		c.Close(4003, reason)
	}
	delete(d.conns, user)
}

// Without returns list without c; list itself is not changed.
func Without(list []*Conn, c *Conn) []*Conn {
	var rest []*Conn
	for _, other := range list {
		if other != c {
			rest = append(rest, other)
		}
	}
	return rest
}
