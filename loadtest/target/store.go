package target

import (
	"bytes"
	"encoding/json"
	"runtime"
	"strconv"
	"time"
)

// saved is a message as the store has it.
type saved struct {
	ID   string `json:"id"`
	From string `json:"from,omitempty"`
	To   string `json:"to"`
	Text string `json:"text"`
	TS   string `json:"ts"`
}

const (
	commitMost  = 64
	journalSize = 1 << 20
)

// store is the message log of both built-in servers, an embedded database in
// small. One goroutine owns it and commits in groups, as databases do to share
// the price of a commit: whoever is ready to append joins the group, and waits
// until it is committed. Both servers save a message before they deliver it, so the
// wait is the same for both.
type store struct {
	ask     chan ask
	quit    chan struct{}
	done    chan struct{}
	journal bytes.Buffer // the tail of the log
	n       int
}

type ask struct {
	rec    saved
	answer chan saved
}

func newStore() *store {
	s := &store{ask: make(chan ask), quit: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s
}

func (s *store) run() {
	defer close(s.done)
	for {
		select {
		case first := <-s.ask:
			s.commit(s.group(first))
		case <-s.quit:
			return
		}
	}
}

// group gathers who is ready: as long as others join, it lets more of them run.
func (s *store) group(first ask) []ask {
	group := []ask{first}
	for grown := true; grown && len(group) < commitMost; {
		runtime.Gosched()
		grown = false
		for joining := true; joining && len(group) < commitMost; {
			select {
			case next := <-s.ask:
				group = append(group, next)
				grown = true
			default:
				joining = false
			}
		}
	}
	return group
}

// commit writes a group to the journal and answers all of it.
func (s *store) commit(group []ask) {
	if s.journal.Len() > journalSize {
		s.journal.Reset()
	}
	encoder := json.NewEncoder(&s.journal)
	for i := range group {
		s.n++
		group[i].rec.ID, group[i].rec.TS = strconv.Itoa(s.n), time.Now().UTC().Format(time.RFC3339Nano)
		_ = encoder.Encode(group[i].rec) // strings into memory: nothing can fail
	}
	for _, a := range group {
		a.answer <- a.rec
	}
}

// append logs a message and returns when it is committed; once the store is
// closed it answers with nothing.
func (s *store) append(from, to, text string) saved {
	a := ask{rec: saved{From: from, To: to, Text: text}, answer: make(chan saved, 1)}
	select {
	case s.ask <- a:
		return <-a.answer
	case <-s.quit:
		return saved{}
	}
}

func (s *store) close() {
	close(s.quit)
	<-s.done
}
