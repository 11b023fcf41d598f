package corpus

import (
	"context"
	"sync"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// A loop starts a goroutine for each recipient, and all of them see the loop's one
// variable: Let's Encrypt checked one domain's authorisation for each of a
// certificate's in 2020, since Go had one variable for a whole loop until 1.22.
var m04 = mechanism{
	number: "M04", name: "loop-variable",
	what:    "the goroutines of a fan-out share the variable that names the recipient, so a batch goes to its last one",
	instead: "each goroutine has a variable of its own",
	format:  chat.Lines, auth: linesAuth, ready: chat.LinesReady,
	emit: []string{chat.LinesSend, chat.LinesPublish},
	more: []string{chat.LinesRequest, chat.LinesLogout, chat.LinesRelogin},
	wire: func(s *chat.Service, fixed bool) {
		f := &fanOut{Directory: chat.NewDirectory(s.Format), batch: map[string][]*chat.Event{}, wake: make(chan struct{}, 1), fixed: fixed}
		s.Hub = f
		s.Lobby.Go(f.run)
	},
}

func linesAuth() *chat.Auth { return chat.ByFirstMessage(chat.LinesAuth) }

type fanOut struct {
	*chat.Directory
	fixed bool
	wake  chan struct{}

	mu    sync.Mutex
	batch map[string][]*chat.Event // by recipient
}

func (f *fanOut) Deliver(to string, ev *chat.Event) bool {
	f.mu.Lock()
	f.batch[to] = append(f.batch[to], ev)
	f.mu.Unlock()
	select {
	case f.wake <- struct{}{}:
	default:
	}
	return true
}

func (f *fanOut) run(ctx context.Context) {
	for {
		select {
		case <-f.wake:
			f.flush()
		case <-ctx.Done():
			return
		}
	}
}

// flush sends the batch, each recipient's part in a goroutine.
func (f *fanOut) flush() {
	var all sync.WaitGroup
	f.mu.Lock()
	var to string
	for user, events := range f.batch {
		to = user
		recipient := &to
		if f.fixed {
			recipient = &user // new in each round, as of Go 1.22
		}
		all.Go(func() {
			f.mu.Lock()
			name := *recipient
			f.mu.Unlock()
			for _, ev := range events {
				f.Directory.Deliver(name, ev)
			}
		})
	}
	clear(f.batch)
	f.mu.Unlock()
	all.Wait()
}
