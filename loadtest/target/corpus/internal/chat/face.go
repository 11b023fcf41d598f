package chat

import (
	"fmt"
	"strings"
)

// Face is what a server shows to its clients, in the words of a load test's
// configuration: HOST stands for its address, HOST2 for its second one.
type Face struct {
	Auth  string
	Ready string
	Emit  []string
	More  []string // further keys, one each
}

// YAML is the configuration for a server at the addresses given, each HOST:PORT.
func (f *Face) YAML(addr ...string) string {
	parts := []string{"target: ws://HOST/ws", f.Auth, f.Ready, "emit:"}
	for _, emit := range f.Emit {
		parts = append(parts, "  - "+emit)
	}
	text := strings.Join(append(parts, f.More...), "\n") + "\n"
	for i := len(addr); i > 1; i-- {
		text = strings.ReplaceAll(text, fmt.Sprintf("HOST%d", i), addr[i-1])
	}
	return strings.ReplaceAll(text, "HOST", addr[0])
}

// How one speaks to a server in JSON.
const (
	JSONReady   = `ready: {contains: '"type":"ready"'}`
	JSONSend    = `{name: send, ws: '{"type":"send","to":"{{.user.id}}","text":"{{canary}}"}'}`
	JSONNotify  = `{name: notify, http: {post: "http://HOST/notify", json: {user: "{{.user.id}}", text: "{{canary}}", profile: {email: '{{canary "email"}}'}}}}`
	JSONRoom    = `{name: room, ws: '{"type":"room","room":"{{.room}}","text":"{{canary}}"}', audience: room, rooms: 3, join: {ws: '{"type":"join","room":"{{.room}}"}'}, leave: {ws: '{"type":"leave","room":"{{.room}}"}'}}`
	JSONRequest = `request: {ws: '{"type":"request","id":"{{.id}}","q":"{{canary}}"}', id: '"id":"{{.id}}"'}`
	JSONLogout  = `logout: {ws: '{"type":"logout"}', ack: {contains: '"type":"bye"'}}`
	JSONRelogin = `relogin: {ws: '{"type":"login","user":"{{.user.id}}","token":"{{.user.token}}"}', ready: {contains: '"type":"ready"'}}`
	JSONRevoke  = `revoke: {http: {post: "http://HOST/revoke", json: {user: "{{.user.id}}"}}}`
)

// How one speaks to a server in lines.
const (
	LinesAuth    = `auth: {first_message: "auth|{{urlquery .user.id}}|{{.user.token}}"}`
	LinesReady   = `ready: {regex: '^ready\|'}`
	LinesSend    = `{name: msg, ws: "msg|{{urlquery .user.id}}|{{canary}}"}`
	LinesPublish = `{name: publish, http: {post: "http://HOST/publish", form: {user: "{{.user.id}}", text: "{{canary}}"}}}`
	LinesSay     = `{name: say, ws: "say|{{.room}}|{{canary}}", audience: room, rooms: 4, join: {ws: "join|{{.room}}|"}, leave: {ws: "part|{{.room}}|"}}`
	LinesRequest = `request: {ws: "ask|{{.id}}|{{canary}}", id: "ans|{{.id}}|"}`
	LinesLogout  = `logout: {ws: "quit||", ack: {regex: '^bye\|'}}`
	LinesRelogin = `relogin: {ws: "login|{{urlquery .user.id}}|{{.user.token}}", ready: {regex: '^ready\|'}}`
)

// How one speaks to a server in records.
const (
	RecordsReady   = `ready: {contains: REDY}`
	RecordsSend    = `{name: send, ws: "SEND {{len .user.id}}:{{.user.id}},{{canary}}"}`
	RecordsPut     = `{name: put, http: {put: "http://HOST/users/{{.user.id}}/events", body: "{{canary}}"}}`
	RecordsRequest = `request: {ws: "ASKQ {{len .id}}:{{.id}},{{canary}}", id: "{{.id}}"}`
	RecordsLogout  = `logout: {ws: "QUIT 0:,", ack: {contains: BYE.}}`
	RecordsRelogin = `relogin: {ws: "LOGN {{len .user.id}}:{{.user.id}},{{.user.token}}", ready: {contains: REDY}}`
)
