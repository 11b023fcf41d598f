package history

import "fmt"

// Level is how isolated a server was seen to be; each includes those before it.
type Level uint8

// The levels, from the weakest claim to the strongest.
const (
	NoIsolation      Level = iota
	UserIsolated           // no event, reply or room event reached another user
	FieldIsolated          // nor any field, fragment or identity
	LifetimeIsolated       // nor anything before bind, after logout or on the socket's next user
	SessionIsolated        // nor another session of the same user
	NonInterfering         // nor does anything a user sees or waits for depend on others
)

var levelNames = [...]string{"none", "user-isolated", "field-isolated", "lifetime-isolated", "session-isolated", "non-interfering"}

// String is the contract name of the level.
func (l Level) String() string {
	if int(l) < len(levelNames) {
		return levelNames[l]
	}
	return fmt.Sprintf("level %d", uint8(l))
}

// ParseLevel is the inverse of Level.String.
func ParseLevel(name string) (Level, error) {
	for i, n := range levelNames {
		if n == name {
			return Level(i), nil
		}
	}
	return NoIsolation, fmt.Errorf("no isolation level is called %q", name)
}

// Breaks is the weakest level that an anomaly of this code rules out, or
// NoIsolation when it rules out none.
func (c Code) Breaks() Level {
	switch c {
	case X0, X3, X4:
		return UserIsolated
	case X2, X5:
		return FieldIsolated
	case X1a, X1b, X1c:
		return LifetimeIsolated
	case X1d:
		return SessionIsolated
	case X6, X7:
		return NonInterfering
	}
	return NoIsolation
}

// Held is the strongest level under which none of the counted anomalies falls.
// Non-interference is held only when it was tested.
func Held(counts Counts, interferenceTested bool) Level {
	held := SessionIsolated
	if interferenceTested {
		held = NonInterfering
	}
	for c, n := range counts {
		if b := Code(c).Breaks(); n > 0 && b != NoIsolation && b <= held {
			held = b - 1
		}
	}
	return held
}

// Counts holds one number for each code.
type Counts [numCodes]uint64

// Leaks is the number of receipts outside their audience.
func (n Counts) Leaks() (sum uint64) {
	for c, v := range n {
		if Code(c).Leak() {
			sum += v
		}
	}
	return sum
}

// Map gives the codes that occurred, by contract name.
func (n Counts) Map() map[string]uint64 {
	m := map[string]uint64{}
	for c, v := range n {
		if v > 0 {
			m[Code(c).String()] = v
		}
	}
	return m
}
