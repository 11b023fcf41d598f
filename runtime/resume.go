package runtime

import (
	"strconv"
	"strings"
)

// backlog is one user's stream: its epoch, its numbers, and a ring with the latest events for clients that come back.
// It belongs to one user for good: parked under that user's id while nobody is there, forgotten after ResumeTTL.
type backlog struct {
	epoch    string
	seq      uint64
	bytes    []byte   // of the events: a circle that doubles when what is kept fills it
	kept     []kept   // one per event, oldest first, from kept[first]
	first    int      // kept entries before it are gone
	size     int      // bytes of the events that are kept
	sessions []device // of the devices that gave a name
	left     int64    // when it was parked
}

type device struct{ name, session string }

// maxDevices bounds the device names that are remembered per user.
const maxDevices = 32

func newBacklog() *backlog { return &backlog{epoch: mintSecret()} }

func (b *backlog) next() uint64 {
	b.seq++
	return b.seq
}

// session gives the name of the stay on a device: a known one again, or a new one.
func (b *backlog) session(name string) string {
	if name == "" {
		return mintSecret()
	}
	for _, d := range b.sessions {
		if d.name == name {
			return d.session
		}
	}
	if len(b.sessions) == maxDevices {
		b.sessions = append(b.sessions[:0], b.sessions[1:]...)
	}
	d := device{name, mintSecret()}
	b.sessions = append(b.sessions, d)
	return d.session
}

// parseResume reads "<epoch>:<last seq>", which comes from the client: anything may be in it.
func parseResume(token string) (epoch string, last uint64, ok bool) {
	if len(token) > 64 {
		return "", 0, false
	}
	epoch, number, found := strings.Cut(token, ":")
	if !found || epoch == "" || number == "" || number[0] == '+' {
		return "", 0, false
	}
	last, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return "", 0, false
	}
	return epoch, last, true
}
