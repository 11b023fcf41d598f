package history

import "time"

// Kind is the judgement of one receipt.
type Kind uint8

// The kinds of receipt, by rising gravity: of several in one frame the last
// counts as the frame's.
const (
	NoCanary Kind = iota
	OldRun
	Echo
	Own
	Late
	Duplicate
	OutOfOrder
	Mistyped
	Truncated
	Corrupted
	Phantom
	Forged
	WrongSession
	Early
	Ghost // after logout or revocation
	Stale // of the user who had the socket before
	Disclosed
	FieldForeign
	Overreach
	Crossed
	Merged
	Foreign
)

var kindNames = [...]string{"no canary", "old run", "echo", "own", "late", "duplicate", "out of order", "mistyped", "truncated",
	"corrupted", "phantom", "forged", "wrong session", "early", "ghost", "stale", "disclosed", "field foreign", "overreach", "crossed reply", "merged", "foreign"}

// String names the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// kindOf is the kind of receipt that each code stands for.
var kindOf = [numCodes]Kind{X0: Foreign, X1a: Ghost, X1b: Early, X1c: Stale, X1d: WrongSession, X2: FieldForeign, X3: Crossed,
	X4: Overreach, X5: Disclosed, D1: Duplicate, D2: OutOfOrder, D4: Late, P0: Forged, P1: Phantom, P2: Truncated, P3: Corrupted, P4: Merged, P5: Mistyped}

// Verdict is the judgement of one frame: the gravest of what was found in it.
type Verdict struct {
	Kind   Kind
	Code   Code
	Owner  PrincipalID // of the gravest find
	Events int         // distinct events in the frame
}

// Receipt is one event found in one frame.
type Receipt struct {
	Kind  Kind
	Code  Code
	First bool // the addressee had it on no connection before; the basis of "delivered"
	// Waited says that the harness itself kept the receiver from reading at some time
	// since the emission: how long the event took is not the server's doing.
	Waited bool
	Conn   ConnID
	Via    ConnID // over which it was asked for, if that is remembered
	Stream StreamID
	Owner  PrincipalID
	Seq    uint64
	At     time.Duration
	// Emitted and Intended are 0 when the emission is too long ago to be remembered.
	Emitted  time.Duration
	Intended time.Duration
}

// Step is one record of what happened around an anomaly.
type Step struct {
	At     time.Duration
	Op     Op
	Kind   Kind // of a Recv
	Conn   ConnID
	User   PrincipalID // bound to the connection then
	Stream StreamID
	Seq    uint64
}
