package chat

import (
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
)

// Lines is the format VERB|ID|PAYLOAD in text frames. The id is a user's, a
// room's or a request's, URL-escaped; the payload is the rest, as it is.
var Lines Format = linesFormat{}

type linesFormat struct{}

var lineVerbs = map[string]Verb{"auth": Login, "login": Login, "msg": Send, "ask": Ask, "join": Join, "part": Leave, "say": Say, "quit": Logout}

var lineKinds = map[Kind]string{Ready: "ready", Bye: "bye", Message: "msg", Notice: "note", Said: "said", Reply: "ans", Sent: "ok", Joined: "joined", Left: "parted", Here: "here", Failed: "err"}

var errLine = errors.New("not a line")

// Decode reads one line.
func (linesFormat) Decode(data []byte) (*Command, error) {
	parts := strings.SplitN(string(data), "|", 3)
	verb, known := lineVerbs[parts[0]]
	if len(parts) != 3 || !known {
		return nil, errLine
	}
	id, err := url.QueryUnescape(parts[1])
	if err != nil {
		return nil, errLine
	}
	cmd := &Command{Verb: verb, Text: parts[2]}
	switch verb {
	case Login:
		cmd.User, cmd.Token = id, parts[2]
	case Ask:
		cmd.ID, cmd.Q = id, parts[2]
	case Join, Leave, Say:
		cmd.Room = id
	default:
		cmd.To = id
	}
	return cmd, nil
}

// Encode writes one line. A ready line's payload is the session and the position
// in it.
func (linesFormat) Encode(ev *Event) Frame {
	id, payload := ev.From, ev.Text
	switch ev.Kind {
	case Reply:
		id = ev.ID
	case Said, Joined, Left:
		id = ev.Room
	case Ready:
		payload = ev.Session
	}
	if ev.N > 0 {
		payload = strconv.FormatUint(ev.N, 10) + "|" + payload
	}
	return Frame{websocket.TextMessage, []byte(lineKinds[ev.Kind] + "|" + url.QueryEscape(id) + "|" + payload)}
}
