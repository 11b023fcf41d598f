package history

import "fmt"

// Code is one class of anomaly. The codes are a contract: they stand in results,
// JUnit files and documentation.
type Code uint8

// The anomalies. X: something reached, or was changed by, somebody outside its
// audience. D: delivery within the audience. P: the payload. H: the harness itself.
const (
	None Code = iota
	X0        // cross-user delivery
	X1a       // own event after logout or revocation
	X1b       // own event before the session was bound
	X1c       // event of the user who was on this socket before
	X1d       // right user, wrong session
	X2        // field or fragment of somebody else
	X3        // reply to somebody else's request
	X4        // room event at a user who is not in the room
	X5        // somebody else's identity shown
	X6        // one user's trace depends on another's secrets
	X7        // one user's stall delays others
	D0        // lost
	D1        // duplicate
	D2        // reordered
	D3        // one connection starved while its sibling was served
	D4        // later than the bound
	P0        // forged mark
	P1        // phantom: true mark, never emitted
	P2        // truncated
	P3        // corrupted
	P4        // merged: own and foreign events in one message
	P5        // mistyped: in another kind of frame than its stream uses
	H         // harness fault
	numCodes
)

var codeNames = [numCodes]string{"", "X0", "X1a", "X1b", "X1c", "X1d", "X2", "X3", "X4", "X5", "X6", "X7",
	"D0", "D1", "D2", "D3", "D4", "P0", "P1", "P2", "P3", "P4", "P5", "H"}

var codeWords = [numCodes]string{"", "cross-user delivery", "delivery after logout", "delivery before bind",
	"delivery to the socket's next user", "delivery to the wrong session", "field bleed", "crossed reply",
	"audience overreach", "identity disclosure", "interference", "performance interference",
	"lost", "duplicate", "reordered", "starved", "late", "forged", "phantom", "truncated", "corrupted", "merged", "mistyped", "harness fault"}

// String is the contract name, such as "X1a"; empty for None.
func (c Code) String() string {
	if c < numCodes {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", uint8(c))
}

// Words is the anomaly's name for people, such as "field bleed".
func (c Code) Words() string {
	if c < numCodes {
		return codeWords[c]
	}
	return ""
}

// Codes lists all anomalies in their order.
func Codes() []Code {
	all := make([]Code, 0, numCodes-1)
	for c := None + 1; c < numCodes; c++ {
		all = append(all, c)
	}
	return all
}

// ParseCode is the inverse of Code.String.
func ParseCode(name string) (Code, error) {
	for c := None + 1; c < numCodes; c++ {
		if codeNames[c] == name {
			return c, nil
		}
	}
	return None, fmt.Errorf("no anomaly is called %q", name)
}

// Leak reports whether the anomaly is a receipt outside the audience: bytes that
// reached a person, a session or a moment that they were not for.
func (c Code) Leak() bool { return c >= X0 && c <= X5 }

// Delivery reports whether the anomaly concerns delivery within the audience,
// which a run under deliberate faults may excuse.
func (c Code) Delivery() bool { return c >= D0 && c <= D4 }
