package dashboard

import (
	"time"

	"github.com/wsmig/wsmig/loadtest"
)

// progress is what the strip above the report shows.
type progress struct {
	Server      string  `json:"server"`
	Schedule    string  `json:"schedule"`
	Users       int     `json:"users"`
	Connections int     `json:"connections"`
	Events      uint64  `json:"events"`
	EventsPerS  float64 `json:"events_per_s"`
	Leaks       uint64  `json:"leaks"`
	Share       float64 `json:"share"`  // of the whole run's time, 0 to 1
	LeftS       float64 `json:"left_s"` // seconds
}

// Progress moves the strip, at most four times a second; it never blocks for long.
func (s *Server) Progress(p loadtest.Progress) {
	now := time.Now()
	s.mu.Lock()
	since := now.Sub(s.told)
	if since < progressEvery {
		s.mu.Unlock()
		return
	}
	if p.Step != s.lastTold.Step || p.Events < s.lastTold.Events {
		s.rate = 0
	} else if !s.told.IsZero() {
		s.rate = float64(p.Events-s.lastTold.Events) / since.Seconds()
	}
	s.told, s.lastTold = now, p
	rate := s.rate
	s.mu.Unlock()
	s.tell("progress", progressOf(p, rate))
}

func progressOf(p loadtest.Progress, rate float64) progress {
	out := progress{
		Server: p.Server, Schedule: p.Schedule, Users: p.Users, Connections: p.Connections, Events: p.Events, EventsPerS: rate, Leaks: p.Leaks,
	}
	whole := p.Total * time.Duration(p.Steps)
	gone := p.Total*time.Duration(p.Step-1) + min(p.Elapsed, p.Total)
	if whole > 0 {
		out.Share = gone.Seconds() / whole.Seconds()
		out.LeftS = (whole - gone).Seconds()
	}
	return out
}
