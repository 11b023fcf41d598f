package corpus

import (
	"net/http"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// A connection is put into a session, the check refuses it, and it stays there:
// what was half made is not unmade, as when go-redis gave up on setting a
// connection up and used it all the same (CVE-2025-29923).
var m22Resumed = mechanism{
	number: "M22", name: "half-resumed",
	what:    "a refused resumption leaves the connection in the session that it asked for",
	instead: "a refused resumption puts the session back as it was",
	format:  chat.JSON, auth: chat.ByHeader, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{resumeFace, chat.JSONRequest},
	wire: func(s *chat.Service, fixed bool) {
		h := newSessions()
		h.admit = func(old *session, c *chat.Conn, user string) bool {
			was := old.conn
			old.conn = c // first, so that nothing is missed while the rest is looked at
			if old.owner == user {
				return true
			}
			if fixed {
				old.conn = was
			}
			return false
		}
		s.Hub = h
	},
}

// A user's seat is taken before the upgrade, so that limits hold, and the path of
// a failed upgrade frees the seat but leaves it in the user's list.
var m22Aborted = mechanism{
	number: "M22", name: "half-connected",
	what:    "a failed upgrade frees the user's seat but leaves it in his list, so that his events go to the seat's next owner",
	instead: "a failed upgrade takes the seat off the user's list as well",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		h := &seatedHub{slotTable: &slotTable{of: map[*chat.Conn]int{}, where: map[string]map[int]bool{}, fixed: true}}
		s.Hub = h
		s.Upgrade = func(w http.ResponseWriter, r *http.Request) (chat.Socket, error) {
			user, err := s.Auth.User(r)
			if err != nil {
				return nil, err
			}
			seat := h.reserve(user)
			socket, err := s.Gorilla(w, r)
			if err != nil {
				h.cancel(user, seat, fixed)
				return nil, err
			}
			return &seated{socket, seat}, nil
		}
	},
}

// seated is a socket with the seat that was reserved for it.
type seated struct {
	chat.Socket
	seat int
}

type seatedHub struct{ *slotTable }

func (h *seatedHub) reserve(user string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	seat := h.take()
	h.mark(user, seat)
	return seat
}

func (h *seatedHub) cancel(user string, seat int, whole bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.free = append(h.free, seat)
	if whole {
		delete(h.where[user], seat)
	}
}

// Bind uses the reserved seat the first time; who logs in again gets another.
func (h *seatedHub) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(c, true)
	socket := c.Socket().(*seated)
	if socket.seat < 0 {
		socket.seat = h.take()
	}
	h.sit(c, user, socket.seat, hello)
	socket.seat = -1
}
