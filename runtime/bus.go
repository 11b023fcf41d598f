package runtime

import "context"

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
}
