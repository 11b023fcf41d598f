package loadtest

import (
	"sync"
	"time"

	"github.com/wsmig/wsmig/loadtest/result"
)

const (
	sampleEvery = 100 * time.Millisecond
	maxSamples  = 600 // beyond these, neighbours are put together
)

// sampler draws the run's time line and notices when this process was kept from
// running, which would look like a slow server.
type sampler struct {
	mu       sync.Mutex
	points   []result.Point
	every    time.Duration
	events   uint64
	leaks    uint64
	worstLag time.Duration // ever
	stallLag time.Duration // while readers were slow
}

// sample starts sampling; the function it returns ends it and may be called
// twice.
func (s *session) sample() func() {
	s.samples = &sampler{every: sampleEvery}
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		s.samples.run(s, done)
	}()
	var once sync.Once
	return func() {
		once.Do(func() {
			close(done)
			<-ended
		})
	}
}

func (p *sampler) run(s *session, done <-chan struct{}) {
	for next := time.Now().Add(sampleEvery); ; next = next.Add(sampleEvery) {
		timer := time.NewTimer(time.Until(next))
		select {
		case now := <-timer.C:
			p.lag(max(time.Since(next), now.Sub(next)), s.stalling.Load())
		case <-done:
			timer.Stop()
			p.take(s)
			return
		}
		p.take(s)
		s.tell()
	}
}

func (p *sampler) lag(d time.Duration, stalling bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.worstLag = max(p.worstLag, d)
	if stalling {
		p.stallLag = max(p.stallLag, d)
	}
}

// busy reports whether this process was kept from running for so long that a
// delay of the length given may be its own.
func (p *sampler) busy(delay time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return 3*p.stallLag > delay
}

func (p *sampler) take(s *session) {
	events := s.driver.Arrived()
	counts := s.driver.Checker().Counts()
	leaks := counts.Leaks()
	_, live := s.driver.Connections()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.points = append(p.points, result.Point{
		AtMS: milliseconds(s.driver.Clock()), Events: events - p.events, Leaks: leaks - p.leaks, Connections: int(live),
	})
	p.events, p.leaks = events, leaks
	if len(p.points) > 2*maxSamples {
		p.points = halve(p.points)
	}
}

// halve puts neighbouring points together.
func halve(points []result.Point) []result.Point {
	out := points[:0]
	for i := 0; i+1 < len(points); i += 2 {
		a, b := points[i], points[i+1]
		b.Events += a.Events
		b.Leaks += a.Leaks
		out = append(out, b)
	}
	return out
}

func (p *sampler) result() ([]result.Point, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]result.Point{}, p.points...), p.worstLag
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// tell tells the caller how far the run is.
func (s *session) tell() {
	progress := s.runner.config.Progress
	if progress == nil {
		return
	}
	counts := s.driver.Checker().Counts()
	_, live := s.driver.Connections()
	schedule := ""
	if name := s.playing.Load(); name != nil {
		schedule = *name
	}
	progress(Progress{
		Schedule: schedule, Server: s.server.Name, Users: s.users, Connections: int(live), Events: s.driver.Arrived(), Leaks: counts.Leaks(),
		Elapsed: time.Since(s.begun), Total: s.settings.duration, Step: s.runner.steps,
		Steps: len(s.runner.config.Servers) * len(s.runner.counts()),
	})
}
