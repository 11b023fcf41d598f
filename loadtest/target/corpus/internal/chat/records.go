package chat

import (
	"encoding/binary"
	"errors"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
)

// Records is a binary format. To the client: four letters, the length of an id in
// two bytes, the id, the length of a payload in four bytes, the payload. From the
// client, which may be a shell script: VERB LENGTH:ID,PAYLOAD in a text frame,
// with the length in bytes, so that an id may hold anything.
var Records Format = recordsFormat{}

type recordsFormat struct{}

var recordVerbs = map[string]Verb{"LOGN": Login, "SEND": Send, "ASKQ": Ask, "JOIN": Join, "PART": Leave, "SAYR": Say, "QUIT": Logout}

var recordKinds = map[Kind]string{Ready: "REDY", Bye: "BYE.", Message: "MESG", Notice: "NOTE", Said: "SAID", Reply: "ANSW", Sent: "SENT", Joined: "JOND", Left: "LEFT", Here: "HERE", Failed: "FAIL"}

var errRecord = errors.New("not a record")

// Decode reads one record.
func (recordsFormat) Decode(data []byte) (*Command, error) {
	name, rest, ok := strings.Cut(string(data), " ")
	verb, known := recordVerbs[name]
	length, rest, found := strings.Cut(rest, ":")
	n, err := strconv.Atoi(length)
	if !ok || !known || !found || err != nil || n < 0 || n >= len(rest) || rest[n] != ',' {
		return nil, errRecord
	}
	id, payload := rest[:n], rest[n+1:]
	cmd := &Command{Verb: verb, To: id, Text: payload}
	switch verb {
	case Login:
		cmd.User, cmd.Token = id, payload
	case Ask:
		cmd.ID, cmd.Q = id, payload
	case Join, Leave, Say:
		cmd.Room = id
	}
	return cmd, nil
}

// Encode writes one record.
func (recordsFormat) Encode(ev *Event) Frame {
	id := ev.From
	switch ev.Kind {
	case Reply:
		id = ev.ID
	case Said, Joined, Left:
		id = ev.Room
	}
	out := make([]byte, 0, 10+len(id)+len(ev.Text))
	return Frame{websocket.BinaryMessage, AppendRecord(out, ev.Kind, id, ev.Text)}
}

// AppendRecord appends one record to dst. Ids are cut at 65,535 bytes.
func AppendRecord(dst []byte, kind Kind, id, payload string) []byte {
	id = id[:min(len(id), 1<<16-1)]
	dst = append(dst, recordKinds[kind]...)
	dst = append(binary.BigEndian.AppendUint16(dst, uint16(len(id))), id...)
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(payload))), payload...)
}
