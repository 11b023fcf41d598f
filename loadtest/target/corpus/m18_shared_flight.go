package corpus

import (
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Equal requests that are under way share one answer, and whose they are is not
// part of being equal: graphjin gave a second user the first one's data (287), as
// did weaviate's singleflight (12270); Steam's cache did it to 34,000 in 2015.
var m18Flight = mechanism{
	number: "M18", name: "shared-flight",
	what:    "requests under way are told apart by their id alone, so that one user's answer is given to another who uses the same id",
	instead: "the key of a request has its connection in it",
	format:  chat.JSON, auth: chat.ByCookie, ready: chat.JSONReady,
	emit: []string{chat.JSONSend}, backend: true,
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		f := &flights{backend: s.Backend, calls: map[flight]*call{}}
		s.Ask = func(c *chat.Conn, cmd *chat.Command) {
			key := flight{id: cmd.ID}
			if fixed {
				key.conn = c
			}
			if answer, ok := f.ask(key, cmd.Q); ok {
				c.Push(&chat.Event{Kind: chat.Reply, ID: cmd.ID, Text: answer})
			}
		}
	},
}

type flight struct {
	conn *chat.Conn
	id   string
}

type call struct {
	done   chan struct{}
	answer string
	err    error
}

type flights struct {
	backend *chat.Backend
	mu      sync.Mutex
	calls   map[flight]*call
}

// ask puts a question to the back end unless it is being asked already.
func (f *flights) ask(key flight, q string) (string, bool) {
	f.mu.Lock()
	c, flying := f.calls[key]
	if !flying {
		c = &call{done: make(chan struct{})}
		f.calls[key] = c
	}
	f.mu.Unlock()
	if !flying {
		c.answer, c.err = f.fetch(q)
		close(c.done)
		f.mu.Lock()
		delete(f.calls, key)
		f.mu.Unlock()
	}
	<-c.done
	return c.answer, c.err == nil
}

func (f *flights) fetch(q string) (string, error) {
	line, err := f.backend.Dial()
	if err != nil {
		return "", err
	}
	defer func() { _ = line.Close() }() // it was good for one question
	if err := line.Ask(q); err != nil {
		return "", err
	}
	return line.Answer()
}
