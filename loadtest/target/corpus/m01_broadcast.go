package corpus

import "github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"

// An event for somebody who is not here goes to everybody: emit(event, to=None) of
// many libraries is a broadcast, and so was every result of OliveTin (issue 471)
// and every error of kubeshark (issue 449).
var m01 = mechanism{
	number: "M01", name: "broadcast-by-default",
	what:    "an event whose recipient is unknown, offline or empty is sent to everybody",
	instead: "an event without a recipient is refused",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify, chat.JSONRoom},
	more: []string{chat.JSONRequest, chat.JSONLogout, chat.JSONRelogin},
	wire: func(s *chat.Service, fixed bool) {
		users := chat.NewDirectory(s.Format)
		s.Hub = users
		s.Deliver = func(to string, ev *chat.Event) bool {
			if users.Deliver(to, ev) {
				return true
			}
			if fixed {
				return false
			}
			users.Each(func(c *chat.Conn) { c.Push(ev) })
			return true
		}
	},
}
