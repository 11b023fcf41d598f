package corpus

import (
	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Whoever connects gets the mailbox of whoever left, with what is still in it:
// Rails' CurrentAttributes stayed on a thread for the next request when a body was
// not closed (CVE-2022-23634).
var m21 = mechanism{
	number: "M21", name: "recycled-mailbox",
	what:    "the mailbox of a connection that broke off is given to the next user with its undelivered events",
	instead: "a mailbox is emptied before it is given away",
	format:  chat.Lines, auth: linesAuth, ready: chat.LinesReady,
	emit: []string{chat.LinesSend, chat.LinesPublish},
	more: []string{chat.LinesRequest, chat.LinesLogout},
	wire: func(s *chat.Service, fixed bool) {
		h := &postOffice{Loop: chat.NewLoop(s.Lobby), format: s.Format, boxes: map[*chat.Conn]*mailbox{}, users: map[string][]*mailbox{}, fixed: fixed}
		s.Hub = h
		chat.Every(s.Lobby, flushEvery, func() { h.Do(h.flush) })
	},
}

// postOffice's fields belong to its loop.
type postOffice struct {
	*chat.Loop
	format chat.Format
	fixed  bool
	boxes  map[*chat.Conn]*mailbox
	users  map[string][]*mailbox
	free   []*mailbox
}

type mailbox struct {
	owner *chat.Conn
	mail  []chat.Frame
}

func (h *postOffice) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.Do(func() {
		h.drop(c)
		box := &mailbox{}
		if n := len(h.free); n > 0 {
			box, h.free = h.free[n-1], h.free[:n-1]
		}
		box.owner = c
		h.boxes[c] = box
		h.users[user] = append(h.users[user], box)
		c.Become(user, hello)
	})
}

func (h *postOffice) Unbind(c *chat.Conn, bye *chat.Event) {
	h.Do(func() {
		if box := h.boxes[c]; box != nil && bye != nil {
			box.empty()
		}
		h.drop(c)
		c.Become("", bye)
	})
}

func (h *postOffice) drop(c *chat.Conn) {
	box := h.boxes[c]
	if box == nil {
		return
	}
	delete(h.boxes, c)
	var rest []*mailbox
	for _, other := range h.users[c.User()] {
		if other != box {
			rest = append(rest, other)
		}
	}
	h.users[c.User()] = rest
	if h.fixed {
		box.mail = nil
	}
	h.free = append(h.free, box)
}

func (h *postOffice) Deliver(to string, ev *chat.Event) (found bool) {
	h.Do(func() {
		for _, box := range h.users[to] {
			box.mail = append(box.mail, h.format.Encode(ev))
			found = true
		}
	})
	return found
}

func (h *postOffice) flush() {
	for _, box := range h.boxes {
		box.empty()
	}
}

// empty hands the mail to the owner's socket.
func (b *mailbox) empty() {
	for _, f := range b.mail {
		b.owner.PushFrame(f)
	}
	b.mail = nil
}
