package realtime

import "errors"

// ErrOffline is returned by sends to a user who has no connection.
var ErrOffline = errors.New("realtime: user is offline")

// Message is what clients receive, as one JSON text frame.
type Message struct {
	Type string `json:"type"`
	From string `json:"from,omitempty"`
	Room string `json:"room,omitempty"`
	Text string `json:"text,omitempty"`
	Data any    `json:"data,omitempty"`
}
