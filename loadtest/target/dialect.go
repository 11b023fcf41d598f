package target

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/gorilla/websocket"
)

// event is what a corpus server sends to a client; each dialect writes it in its
// own way.
type event struct {
	Kind    string `json:"type"`
	N       int    `json:"n,omitempty"` // position in the user's own stream
	From    string `json:"from,omitempty"`
	Room    string `json:"room,omitempty"`
	ID      string `json:"id,omitempty"`
	Session string `json:"session,omitempty"`
	Text    string `json:"text,omitempty"`
}

// dialect is a wire protocol of the corpus.
type dialect struct {
	name   string
	config string
	// hello finds out who the client is: from the request, or from a first message.
	hello func(r *http.Request, p *peer) (user, device string, ok bool)
	read  func(data []byte) (message, bool)
	kind  int // of the frames that are sent
	frame func(e *event) []byte
}

// plain is JSON both ways, the user in the query.
var plain = &dialect{
	name: "plain", kind: websocket.TextMessage,
	config: `auth: {query: {user: "{{.user.id}}", device: "{{.device}}"}}
ready: {contains: '"ready"'}
emit:
  - {name: send, ws: '{"type":"send","to":"{{.user.id}}","text":"{{canary}}"}'}
  - {name: room, ws: '{"type":"room","room":"{{.room}}","text":"{{canary}}"}', audience: room, rooms: 3, join: {ws: '{"type":"join","room":"{{.room}}"}'}}
request: {ws: '{"type":"request","id":"{{.id}}","q":"{{canary}}"}', id: '"id":"{{.id}}"'}
logout: {ws: '{"type":"logout"}', ack: {contains: '"bye"'}}
relogin: {ws: '{"type":"login","user":"{{.user.id}}","token":"{{.user.token}}"}', ready: {contains: '"ready"'}}
resume: {ws: '{"type":"resume","session":"{{.session}}","since":{{.since}}}', session: '"session":"(.+?)"', since: '"n":(\d+)'}
revoke: {http: {post: "http://HOST/revoke", json: {user: "{{.user.id}}"}}}
`,
	hello: func(r *http.Request, _ *peer) (user, device string, ok bool) {
		q := r.URL.Query()
		return q.Get("user"), q.Get("device"), q.Get("user") != ""
	},
	read: func(data []byte) (m message, ok bool) {
		return m, json.Unmarshal(data, &m) == nil
	},
	frame: func(e *event) []byte {
		data, _ := json.Marshal(e) // strings and a number: nothing can fail
		return data
	},
}

// packed takes arrays and sends binary records, each with its length before it;
// the client introduces itself by its first message.
var packed = &dialect{
	name: "packed", kind: websocket.BinaryMessage,
	config: `auth: {first_message: '["hello","{{.user.id}}","{{.device}}"]'}
ready: {contains: 'READY'}
emit:
  - {name: send, ws: '["send","{{.user.id}}","{{canary}}"]'}
  - {name: room, ws: '["room","{{.room}}","{{canary}}"]', audience: room, rooms: 3, join: {ws: '["join","{{.room}}"]'}}
request: {ws: '["request","{{.id}}","{{canary}}"]', id: 'id={{.id}};'}
logout: {ws: '["logout"]', ack: {contains: 'BYE'}}
relogin: {ws: '["login","{{.user.id}}"]', ready: {contains: 'READY'}}
resume: {ws: '["resume","{{.session}}","{{.since}}"]', session: 'sid=([0-9a-f]+);', since: 'n=(\d+);'}
revoke: {http: {post: "http://HOST/revoke", json: {user: "{{.user.id}}"}}}
`,
	hello: func(_ *http.Request, p *peer) (user, device string, ok bool) {
		_, data, err := p.ws.ReadMessage()
		var words []string
		if err != nil || json.Unmarshal(data, &words) != nil || len(words) < 3 || words[0] != "hello" || words[1] == "" {
			return "", "", false
		}
		return words[1], words[2], true
	},
	read:  readPacked,
	frame: func(e *event) []byte { return packRecord(nil, e) },
}

func readPacked(data []byte) (m message, ok bool) {
	var w []string
	if json.Unmarshal(data, &w) != nil || len(w) == 0 {
		return m, false
	}
	w = append(w, "", "", "")
	m = message{Type: w[0], Token: w[1]}
	switch m.Type {
	case "send":
		m.To, m.Text = w[1], w[2]
	case "room", "join", "leave":
		m.Room, m.Text = w[1], w[2]
	case "request":
		m.ID, m.Q = w[1], w[2]
	case "login":
		m.User = w[1]
	case "resume":
		m.Session = w[1]
		m.Since, _ = strconv.Atoi(w[2]) // nothing received yet counts as 0
	}
	return m, true
}

// packRecord appends a record: its length, its kind in capitals, its fields, its
// text.
func packRecord(dst []byte, e *event) []byte {
	head := strings.ToUpper(e.Kind) + " "
	for _, f := range [...]struct{ name, value string }{{"from", e.From}, {"room", e.Room}, {"id", e.ID}, {"sid", e.Session}} {
		if f.value != "" {
			head += fmt.Sprintf("%s=%s;", f.name, f.value)
		}
	}
	if e.N > 0 {
		head += fmt.Sprintf("n=%d;", e.N)
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(head)+1+len(e.Text)))
	return append(append(append(dst, head...), ' '), e.Text...)
}
