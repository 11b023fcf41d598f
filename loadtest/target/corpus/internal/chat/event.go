// Package chat is a small chat server in replaceable parts: sockets with a queue
// each, a directory of who is connected, wire formats, ways to authenticate, a
// message log, and the service that ties them together. All of it is meant to be
// correct: a server of the corpus takes these parts and puts its own, wrong one
// in the place of one of them.
package chat

import "encoding/json"

// Kind of an event, as the JSON format spells it.
type Kind string

// What clients are told.
const (
	Ready   Kind = "ready"   // the connection is a user's: nothing comes before it
	Bye     Kind = "bye"     // it is nobody's any more: nothing comes after it
	Message Kind = "message" // somebody wrote to the user
	Notice  Kind = "notify"  // the application did
	Said    Kind = "room"    // somebody wrote to a room
	Reply   Kind = "reply"   // to a request
	Sent    Kind = "sent"    // the user's own message is on its way
	Joined  Kind = "joined"
	Left    Kind = "left"
	Here    Kind = "presence" // somebody came online
	Failed  Kind = "error"
)

// Event is one thing that a client is told.
type Event struct {
	Kind    Kind            `json:"type"`
	From    string          `json:"from,omitempty"`
	ID      string          `json:"id,omitempty"` // of a request
	Room    string          `json:"room,omitempty"`
	Text    string          `json:"text,omitempty"`
	Profile json.RawMessage `json:"profile,omitempty"`
	Session string          `json:"session,omitempty"`
	N       uint64          `json:"n,omitempty"` // position within the session
	Hint    string          `json:"hint,omitempty"`
}

// Verb of a command, as the JSON format spells it.
type Verb string

// What clients ask for.
const (
	Send   Verb = "send"
	Ask    Verb = "request"
	Join   Verb = "join"
	Leave  Verb = "leave"
	Say    Verb = "room"
	Login  Verb = "login"
	Logout Verb = "logout"
)

// Command is one message of a client.
type Command struct {
	Verb  Verb   `json:"type"`
	To    string `json:"to"`
	Text  string `json:"text"`
	ID    string `json:"id"`
	Q     string `json:"q"`
	Room  string `json:"room"`
	User  string `json:"user"`
	Token string `json:"token"`
}

// Frame is one WebSocket message to a client, ready to be written.
type Frame struct {
	Kind int // as gorilla numbers them
	Data []byte
}

// Format is a wire format. Encode must not keep the event; Decode may alias data.
type Format interface {
	Decode(data []byte) (*Command, error)
	Encode(ev *Event) Frame
}
