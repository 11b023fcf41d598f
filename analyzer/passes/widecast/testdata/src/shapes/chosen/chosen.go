// Package chosen makes a message and then decides, by something else than the user // want package:`chosen\.Connect#1`
// named in it, whether named receivers or everyone get it: whoever wrote that thought
// of the audience. Where the message names the receiver of the other branch, it is his.
package chosen

import "github.com/gorilla/websocket"

var conns = map[string]*websocket.Conn{}

func Connect(user string, conn *websocket.Conn) { conns[user] = conn }

func sendTo(user string, v any) { conns[user].WriteJSON(v) }

func everyone(v any) {
	for _, conn := range conns {
		conn.WriteJSON(v)
	}
}

type notice struct {
	Author, Text string
}

func publish(author, text string, receivers []string, private bool) {
	sendTo(author, "saved")
	n := notice{Author: author, Text: text}
	if private {
		for _, user := range receivers {
			sendTo(user, n)
		}
	} else {
		everyone(n)
	}
}

func byKind(author, text, kind string, receivers []string) {
	sendTo(author, "saved")
	n := notice{Author: author, Text: text}
	switch kind {
	case "private":
		for _, user := range receivers {
			sendTo(user, n)
		}
	case "public":
		everyone(n)
	}
}

func early(author, text string, receivers []string) {
	sendTo(author, "saved")
	n := notice{Author: author, Text: text}
	if len(receivers) > 0 {
		for _, user := range receivers {
			sendTo(user, n)
		}
		return
	}
	everyone(n)
}

// Both happen: nothing was decided.
func both(author, text string, receivers []string) {
	sendTo(author, "saved")
	n := notice{Author: author, Text: text}
	if len(receivers) > 0 {
		for _, user := range receivers {
			sendTo(user, n)
		}
	}
	everyone(n) // want `made from author`
}

// It is about the very user whom the other branch addresses.
func fallback(author, text string, busy bool) {
	n := notice{Author: author, Text: text}
	if busy {
		everyone(n) // want `made from author`
	} else {
		sendTo(author, n)
	}
}
