package runtime

import (
	"context"
	"time"
)

// Bus carries emissions between the nodes of one deployment. Its methods are called from many goroutines at once and
// never under a lock. A factory without a bus is one node and pays nothing for it.
//
// The factory delivers to its own connections itself and publishes to the others; the bus must not hand a node its own
// messages back.
type Bus interface {
	// Publish sends m to the nodes that subscribed to m.User, or to all of them when m is a broadcast. It returns when
	// m was accepted; it must not keep m.Data. ErrNoConnection says that the bus knows of no other node with that user.
	Publish(ctx context.Context, m *BusMessage) error
	// Subscribe asks for the messages to one user from now on; the empty user asks for the broadcasts. deliver does not
	// block and may be called concurrently; the messages of one publisher to one user come in their order.
	Subscribe(user UserID, deliver func(*BusMessage)) (cancel func(), err error)
}

// BusMessage is one emission on its way to other nodes. The receiving factory checks the user again before it delivers.
type BusMessage struct {
	User      UserID // whom it is for; empty for a broadcast
	Broadcast bool
	Revoke    bool // the user was revoked: the receiver closes what it has of that user
	Type      string
	Thread    ThreadID
	Raw       bool // Data goes on the wire as it is, as a message of type Op
	Op        MessageType
	Data      []byte

	// What follows is only used with a [HistoryBus].

	Room        string // whom it is for in place of User: the members of this room; with Join or Leave, which room
	Join, Leave bool   // the user is a member from now on, or no longer
	Seq         uint64 // the number that the history gave it
	At          int64  // when it was emitted, in nanoseconds of Unix time
	GapFrom     uint64 // not 0: what User (or Room, or everybody here) was sent from this number to Seq is lost
}

// HistoryBus is a [Bus] with one history for all nodes: it stores what is published before Publish returns, numbers it,
// and hands it to every node that subscribed, the publisher's own included. So the connections of a user see one order
// on all nodes, and a client resumes on any of them. A factory with such a bus delivers nothing by itself and keeps no
// ring.
//
// Numbers grow, for one user, room or broadcast alike, but not by one. Messages that change who is reached (Revoke, Join,
// Leave) go to every node, to the deliver of the empty user; Publish returns when all nodes have dealt with it.
type HistoryBus interface {
	Bus
	// Attach is called once, by NewFactory, before anything else.
	Attach(BusNode) error
	// Epoch names the history; another history has another name.
	Epoch() string
	// SubscribeRoom asks for the messages to a room. Subscribe and SubscribeRoom return when nothing that is published
	// afterwards, on any node, can pass the subscription by.
	SubscribeRoom(room string, deliver func(*BusMessage)) (cancel func(), err error)
	// Position is a number up to which a connection that is about to become ready reads the history: what comes after it
	// is still delivered to who subscribed.
	Position() uint64
	// History gives what the user was sent, by name or by broadcast, after a number that a client had last, up to one that
	// this node has seen; a client that was on another node may be ahead of it. What went to these rooms in between is
	// given as a gap: the history does not know when the user was a member.
	History(ctx context.Context, user UserID, rooms []string, after, upto uint64) (BusHistory, error)
	// Elsewhere tells whether other nodes have a subscription for the user, and the user's rooms there.
	Elsewhere(ctx context.Context, user UserID) (rooms []string, there bool, err error)
}

// BusNode is what a bus with a history needs to know of the factory.
type BusNode struct {
	Events, Bytes int           // bounds of the history per user; Events < 0: none is wanted
	Age           time.Duration // bound of the history in time
	Rooms         func(UserID) []string
	// Reopen closes all connections of this node with 1013, so that their clients come back, authenticate and resume: for
	// a bus that was cut off for longer than its history goes back, and so may have missed revocations. Connections that
	// are about to become ready are closed too.
	Reopen func()
}

// BusHistory is a part of the history of one user, oldest first. When Reason is not empty, it says why what the user
// was sent from GapFrom to GapTo is not all there.
type BusHistory struct {
	Events         []*BusMessage
	GapFrom, GapTo uint64
	Reason         string
}
