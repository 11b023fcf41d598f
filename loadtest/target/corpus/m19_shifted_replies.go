package corpus

import (
	"context"
	"time"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// A request is given up while its answer is under way; the connection goes back to
// the pool, and whoever has it next reads that answer as his: ChatGPT's leak of
// March 2023 (redis-py 2624, 2665), go-redis (CVE-2025-29923), database/sql
// (CVE-2025-47907).
var m19 = mechanism{
	number: "M19", name: "shifted-replies",
	what:    "a cancelled request leaves its answer on a pooled back-end connection, and every later answer is the one before",
	instead: "a connection with an answer under way is closed, not given back",
	format:  chat.Lines, auth: linesAuth, ready: chat.LinesReady,
	emit: []string{chat.LinesSend}, backend: true,
	more: []string{chat.LinesRequest, chat.LinesLogout},
	wire: func(s *chat.Service, fixed bool) {
		p := &pool{backend: s.Backend, idle: make(chan *chat.Line, 2), fixed: fixed}
		for range cap(p.idle) {
			p.idle <- nil
		}
		s.Ask = func(c *chat.Conn, cmd *chat.Command) {
			c.Later(func(ctx context.Context) {
				if answer, err := p.ask(ctx, cmd.Q); err == nil {
					c.Push(&chat.Event{Kind: chat.Reply, ID: cmd.ID, Text: answer})
				}
			})
		}
	},
}

// pool holds as many places as there may be connections; a place is nil until one
// is needed.
type pool struct {
	backend *chat.Backend
	idle    chan *chat.Line
	fixed   bool
}

func (p *pool) ask(ctx context.Context, q string) (string, error) {
	var line *chat.Line
	select {
	case line = <-p.idle:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	if line == nil {
		var err error
		if line, err = p.backend.Dial(); err != nil {
			p.idle <- nil
			return "", err
		}
	}
	answer, err := exchange(ctx, line, q)
	if err != nil && (p.fixed || ctx.Err() == nil) {
		_ = line.Close() // the first error is the one that counts
		line = nil
	}
	p.idle <- line
	return answer, err
}

// exchange asks and waits for the answer, or until ctx ends.
func exchange(ctx context.Context, line *chat.Line, q string) (string, error) {
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		_ = line.SetReadDeadline(time.Unix(1, 0)) // fails on a closed connection, like the read
	})
	defer func() {
		if !stop() {
			<-interrupted
			_ = line.SetReadDeadline(time.Time{}) // as above
		}
	}()
	if err := line.Ask(q); err != nil {
		return "", err
	}
	return line.Answer()
}
