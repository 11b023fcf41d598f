package corpus

import (
	"fmt"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// An error's text quotes one user's message and is told to another: kubeshark
// showed the error of one user to all (449). Here it is the manager's last error,
// which goes with the next answer to anybody.
var m27Ack = mechanism{
	number: "M27", name: "ack",
	what:    "a failed message is quoted in the manager's last error, which is told with the next answer to whoever sends",
	instead: "an error is told to the one whose message failed",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		shared := &lastError{}
		s.Send = func(c *chat.Conn, cmd *chat.Command) {
			last := shared
			if fixed {
				last = &lastError{}
			}
			if !s.Deliver(cmd.To, &chat.Event{Kind: chat.Message, From: c.User(), Text: cmd.Text}) {
				last.set(fmt.Sprintf("cannot deliver %s", cmd.Text))
			}
			c.Push(&chat.Event{Kind: chat.Sent, Hint: last.get()})
		}
	},
}

// The same error as the reason of a close frame, which few people look at.
var m27Close = mechanism{
	number: "M27", name: "close-reason",
	what:    "the close frame of a revoked user gives the manager's last error as its reason, with somebody's message in it",
	instead: "the reason of a close frame is the connection's own",
	format:  chat.JSON, auth: chat.ByHeader, ready: chat.JSONReady,
	emit: []string{chat.JSONSend},
	more: []string{chat.JSONRevoke, chat.JSONRequest},
	wire: func(s *chat.Service, fixed bool) {
		users, shared := chat.NewDirectory(s.Format), &lastError{}
		s.Hub = users
		s.Send = func(c *chat.Conn, cmd *chat.Command) {
			ok := s.Deliver(cmd.To, &chat.Event{Kind: chat.Message, From: c.User(), Text: cmd.Text})
			if !ok {
				shared.set(fmt.Sprintf("cannot deliver %s", cmd.Text))
			}
			c.Push(&chat.Event{Kind: chat.Sent})
		}
		s.Revoke = func(user string) {
			if fixed {
				users.Kick(user, "revoked")
				return
			}
			users.Kick(user, "revoked, last error: "+shared.get())
		}
	},
}

// Who comes online is announced with what he logged in with: local-deep-research
// (4437) broadcast API keys that way.
var m27Presence = mechanism{
	number: "M27", name: "presence",
	what:    "the announcement of a user who comes online has his token in it",
	instead: "the announcement has his name alone",
	format:  chat.Lines, auth: linesAuth, ready: chat.LinesReady,
	emit: []string{chat.LinesSend, chat.LinesPublish},
	more: []string{chat.LinesRequest, chat.LinesLogout, chat.LinesRelogin},
	wire: func(s *chat.Service, fixed bool) {
		users := chat.NewDirectory(s.Format)
		s.Hub = users
		s.Greeted = func(_ *chat.Conn, cmd *chat.Command) {
			here := &chat.Event{Kind: chat.Here, From: cmd.User, Text: cmd.Token}
			if fixed {
				here.Text = ""
			}
			users.Each(func(c *chat.Conn) { c.Push(here) })
		}
	},
}

type lastError struct {
	mu   sync.Mutex
	text string
}

func (e *lastError) set(text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.text = text
}

func (e *lastError) get() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.text
}
