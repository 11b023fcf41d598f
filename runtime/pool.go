package runtime

import "iter"

// Pool is one user's connections, as they are at the moment of each call: nothing to release, nothing that goes stale.
type Pool struct{ uc *UserContext }

// Len counts the ready connections.
func (p *Pool) Len() int {
	p.uc.mu.Lock()
	defer p.uc.mu.Unlock()
	return p.uc.readyLocked()
}

// All gives the ready connections, the oldest first. No lock is held while the loop body runs.
func (p *Pool) All() iter.Seq[*Conn] {
	return func(yield func(*Conn) bool) {
		for _, c := range p.uc.ready() {
			if !yield(c) {
				return
			}
		}
	}
}

func (uc *UserContext) ready() []*Conn {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	conns := make([]*Conn, 0, len(uc.conns))
	for _, c := range uc.conns {
		if c.state == StateReady {
			conns = append(conns, c)
		}
	}
	return conns
}
