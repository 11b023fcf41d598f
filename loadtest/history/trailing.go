package history

import "sync/atomic"

// trailing counts a user's own events that were sent before the logout was
// acknowledged and came after that. A server that looks a connection up and then
// writes to it has a few of them, whenever it is interrupted between the two, and
// nobody would call it wrong: what was under way has arrived. One that acknowledges
// first and ends the session later has them at every other logout.
type trailing struct {
	logouts atomic.Uint64
	events  atomic.Uint64
}

const (
	trailingFew   = 2  // that chance explains, however few logouts there were
	trailingEvery = 20 // logouts for each further one
)

// excuses takes one more and reports whether there are so few that chance explains
// them.
func (t *trailing) excuses() bool {
	return t.events.Add(1) <= trailingFew+t.logouts.Load()/trailingEvery
}
