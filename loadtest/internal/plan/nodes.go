package plan

import (
	"iter"
	"time"
)

// Every connection of a user leads to the next of the service's nodes, so that
// connecting again is moving.

var nodes = &Schedule{
	Name: "nodes", Words: "users spread over several nodes and moving between them, while events for everybody go on",
	needs: func(c *Config) string {
		return unless(c.Nodes > 1, "give the addresses of two nodes or more: --url twice, or a list under target")
	},
	waves: func(m *maker) iter.Seq[Wave] {
		return func(yield func(Wave) bool) {
			for {
				moving, steady := m.cast(movers)
				move, both, last := Wave{Gate: true}, Wave{}, Wave{}
				for _, user := range moving {
					at := m.within(2 * time.Millisecond)
					move.Steps = append(move.Steps, on(Close, user, 0).at(at), on(Connect, user, 0).at(at))
					both.Steps = append(both.Steps, on(Connect, user, 1))
					last.Steps = append(last.Steps, on(Close, user, 1))
				}
				move.Steps = append(move.Steps, m.events(moving, steady, false, 4*time.Millisecond)...)
				move.Steps = append(move.Steps, m.events(steady[:min(len(steady), movers)], steady, true, 4*time.Millisecond)...)
				if !cycle(yield, m.aftermath(moving, steady), move, m.fenced(moving, steady), both, m.fenced(moving, steady), last) {
					return
				}
			}
		}
	},
}
