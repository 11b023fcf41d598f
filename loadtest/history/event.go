package history

import "time"

// Indices that the plan gives out. All count from 1, densely; 0 is nobody or
// nothing. A PrincipalID is the position in Model.Users plus one.
type (
	PrincipalID uint32
	StreamID    uint32
	ConnID      uint32
	RoomID      uint32
)

// Session is one stay of a user on one device. Devices count from 0; Epoch grows
// with each login on the same socket and is for people, not for judgement.
type Session struct {
	Principal PrincipalID
	Device    uint16
	Epoch     uint32
}

// AudienceKind says who may receive the events of a stream.
type AudienceKind uint8

// The audiences.
const (
	ToPrincipal AudienceKind = iota + 1 // every session of one user
	ToSession                           // one device of one user
	ToRoom                              // the members of a room
	ToReply                             // the connection that asked
	ToAll                               // everybody who is bound
)

// Audience of a stream. Which fields count depends on Kind: Principal for
// ToPrincipal, ToSession and ToReply, Device for ToSession, Conn for ToReply,
// Room for ToRoom.
type Audience struct {
	Kind      AudienceKind
	Device    uint16
	Principal PrincipalID
	Room      RoomID
	Conn      ConnID
}

// Wire is the kind of frame.
type Wire uint8

// The kinds of frame that are scanned. AnyData stands for Text or Binary in a
// Stream.
const (
	AnyData Wire = iota
	Text
	Binary
	CloseReason
	Ping
	Pong
)

var wireNames = [...]string{"data", "text", "binary", "close", "ping", "pong"}

// String names the kind of frame.
func (w Wire) String() string {
	if int(w) < len(wireNames) {
		return wireNames[w]
	}
	return "frame"
}

// Stream is a numbered sequence of emissions with one audience, one kind and one
// emitter. Order and loss are judged within a stream only.
type Stream struct {
	ID       StreamID
	Audience Audience
	// Owner is whom the canaries name: the addressee, or for rooms and broadcasts
	// the author.
	Owner PrincipalID
	// Author may hear an echo of what he sent without being in the audience; 0 when
	// nobody may.
	Author PrincipalID
	// Wire is the kind of frame in which the server is known to send these events;
	// AnyData when only control frames would be wrong.
	Wire Wire
	// Unordered streams are not judged for order.
	Unordered bool
	Name      string // for people: "ws", "notify", "room"
}

// Op is what happened.
type Op uint8

// The events of a history. Every one carries At; the comment names what else it
// carries.
const (
	Plan    Op = iota + 1 // Stream
	Phase                 // Name, Excused: what follows belongs to this schedule
	Emit                  // StreamID, Seq, Intended, Conn if a socket was used: before anything is sent
	Sent                  // StreamID, Seq: the trigger succeeded
	Unsent                // StreamID, Seq: the trigger surely failed
	Unknown               // StreamID, Seq: the trigger timed out; the event may or may not arrive
	Open                  // Conn, Session: dialled as that session
	Login                 // Conn, Session: tells the server to become that session on an open connection; before that is sent
	Bind                  // Conn, Session, Resumed: the server acknowledged the session
	Unbind                // Conn: the server acknowledged the logout
	Revoke                // Session.Principal: the server acknowledged the revocation
	Close                 // Conn, Planned: the socket is gone and its reader done
	Join                  // Session.Principal, Room: the server acknowledged the join
	Leave                 // Session.Principal, Room: the server acknowledged the leave
	Fault                 // Conn: from now on the harness keeps this socket from receiving
	Heal                  // Conn: it receives again
	Fence                 // StreamID or 0 for all: what is missing now is lost
	Recv                  // Conn, Wire, Frame, Known
	Declare               // Conn, Count: the server announced that it dropped events (0: did not say how many)
	Overrun               // Conn if known, Name: the harness could not keep up or failed
	Leaving               // Session.Principal, Room or Conn: asks to leave the room, or to log out; before anything is sent
	Garbled               // Conn, Name: bytes came that are no frames of the protocol; the connection is at its end
)

var opNames = [...]string{"", "plan", "phase", "emit", "sent", "unsent", "unknown", "open", "login", "bind", "unbind", "revoke", "close",
	"join", "leave", "fault", "heal", "fence", "recv", "declare", "overrun", "leaving", "garbled"}

// String names the operation.
func (o Op) String() string {
	if int(o) < len(opNames) {
		return opNames[o]
	}
	return "unknown"
}

// Event is one record of a history. It is plain data; Frame is only read while
// Feed runs.
type Event struct {
	Op       Op
	Wire     Wire
	Known    bool // Recv: a frame of the protocol itself (ready, ack, pong) that carries no event by design
	Resumed  bool // Bind: the server promised to replay what the session missed
	Planned  bool // Close: the harness wanted it
	Excused  bool // Phase: faults are injected, so delivery anomalies are counted apart
	Conn     ConnID
	StreamID StreamID
	Room     RoomID
	Count    uint32
	Seq      uint64
	At       time.Duration // since the run began, on one clock for all events
	Intended time.Duration // Emit: when the schedule wanted it; 0 means At
	Session  Session
	Frame    []byte
	Stream   *Stream
	Name     string
}
