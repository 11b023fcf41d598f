package corpus

import "github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"

// Whoever has the token of a session gets it, whoever he is: streamlit attached a
// reconnecting browser by session id without comparing the identity (15909).
var m20 = mechanism{
	number: "M20", name: "foreign-resume",
	what:    "a session is continued by its token alone, so that its backlog and what follows go to any user who shows it",
	instead: "a session is continued by its owner only",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{resumeFace, chat.JSONRequest},
	wire: func(s *chat.Service, fixed bool) {
		h := newSessions()
		h.admit = func(old *session, _ *chat.Conn, user string) bool {
			if fixed {
				return old.owner == user
			}
			return true
		}
		s.Hub = h
	},
}
