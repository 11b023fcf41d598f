package natsbus

import (
	"sync"
	"time"
)

// seenFor is how long the answer that another node listens holds for the next event, so that not every event costs a
// question and an answer.
const seenFor = time.Second

// seenLimit bounds what is remembered; over it, all is asked anew.
const seenLimit = 65_536

// seen remembers to which subjects another node has listened lately. That nobody does is never remembered: who comes is
// there at once.
type seen struct {
	mu    sync.Mutex
	until map[string]time.Time // guarded by mu
}

func (s *seen) lately(out string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.until[out])
}

func (s *seen) note(out string, there bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !there {
		delete(s.until, out)
		return
	}
	if s.until == nil || len(s.until) >= seenLimit {
		s.until = make(map[string]time.Time)
	}
	s.until[out] = now.Add(seenFor)
}
