// Package spec is the description of a WebSocket server that a load test needs:
// who connects, how an event is made, for whom it is. It reads the YAML file of
// `wsmig loadtest --config`, refuses what it does not know, and merges presets,
// which are files of the same form with lower precedence.
package spec

// File is one configuration, as written. Every key is optional but the target;
// what is left out has the default that its comment gives. A File is plain data:
// read it from as many goroutines as you like once it is complete.
type File struct {
	Target    List[string] `yaml:"target,omitempty" jsonschema_description:"WebSocket address of the server, for example ws://127.0.0.1:8080/ws; a path or query may have templates such as {{.user.id}}; or a list, one for each node of the same service: users are spread over them and change the node when they connect again"`
	Preset    string       `yaml:"preset,omitempty" jsonschema_description:"protocol that fills in what this file leaves out: raw, wsmig, socketio, centrifugo, graphql-ws, or the path of a file of the same form"`
	Users     Users        `yaml:"users,omitempty" jsonschema_description:"how many users, or {csv: FILE}, whose columns become {{.user.COLUMN}}"`
	IDs       IDs          `yaml:"ids,omitempty" jsonschema_description:"the users' ids: a list, or one pattern in which %d is the user's number; default u%05d"`
	Secrets   []string     `yaml:"secrets,omitempty" jsonschema_description:"names of environment variables that templates may read with env; their values are redacted everywhere"`
	Handshake *Handshake   `yaml:"handshake,omitempty" jsonschema_description:"what a connection needs before anything else, a preset's part as a rule"`
	ReplyTo   List[Answer] `yaml:"reply_to,omitempty" jsonschema_description:"frames that are answered at once, such as a server's heartbeat"`
	Split     string       `yaml:"split,omitempty" jsonschema_description:"separator between the records of one frame"`
	Frames    string       `yaml:"frames,omitempty" jsonschema:"enum=text,enum=binary" jsonschema_description:"kind of the frames that are sent: text (default) or binary; every kind that comes back is judged"`
	Auth      *Auth        `yaml:"auth,omitempty" jsonschema_description:"how a connection says which user it is; several kinds may stand together"`
	Ready     *Matcher     `yaml:"ready,omitempty" jsonschema_description:"the frame after which a user counts as bound; default: the 101 answer"`
	Emit      List[Emit]   `yaml:"emit,omitempty" jsonschema_description:"how an event is made; a list, whose audience defaults to the user"`
	Request   *Request     `yaml:"request,omitempty" jsonschema_description:"a question whose answer belongs to the connection that asked"`
	Logout    *Logout      `yaml:"logout,omitempty" jsonschema_description:"ends a session without closing its connection"`
	Relogin   *Relogin     `yaml:"relogin,omitempty" jsonschema_description:"makes another user of the same connection"`
	Resume    *Resume      `yaml:"resume,omitempty" jsonschema_description:"continues a session on a new connection"`
	Revoke    *Revoke      `yaml:"revoke,omitempty" jsonschema_description:"takes a user's right to receive, from outside"`
	Gap       *Matcher     `yaml:"gap,omitempty" jsonschema_description:"frames by which the server announces loss; announced loss is declared, not lost"`
	Load      Load         `yaml:"load,omitempty" jsonschema_description:"how much, how long, in which patterns"`
	Expect    Expect       `yaml:"expect,omitempty" jsonschema_description:"what must hold; the rest is reported and not judged"`
	Report    Report       `yaml:"report,omitempty" jsonschema_description:"where the result goes"`
}

// First is the address of the first node, empty when there is none.
func (f *File) First() string {
	if len(f.Target) == 0 {
		return ""
	}
	return f.Target[0]
}

// Users says how many users there are.
type Users struct {
	Count int    `yaml:"count,omitempty"`
	CSV   string `yaml:"csv,omitempty"`
}

// IDs names the users. With neither field set the ids are u00001, u00002, ...
type IDs struct {
	List    []string `yaml:"list,omitempty"`
	Pattern string   `yaml:"pattern,omitempty"`
}

// Handshake is what the protocol wants of every connection.
type Handshake struct {
	Path        string            `yaml:"path,omitempty" jsonschema_description:"path of the address when the target has none"`
	Query       map[string]string `yaml:"query,omitempty" jsonschema_description:"query parameters of the address"`
	Subprotocol List[string]      `yaml:"subprotocol,omitempty" jsonschema_description:"WebSocket subprotocols asked for"`
	Steps       List[Step]        `yaml:"steps,omitempty" jsonschema_description:"frames to send and to wait for, in order, before auth.first_message"`
}

// Step is one move of a handshake: exactly one field is set.
type Step struct {
	Send   string   `yaml:"send,omitempty" jsonschema_description:"frame to send"`
	Expect *Matcher `yaml:"expect,omitempty" jsonschema_description:"frame to wait for"`
}

// Answer is a reflex: what is sent when a frame matches.
type Answer struct {
	Match Matcher `yaml:"match" jsonschema_description:"which frames are answered"`
	Send  string  `yaml:"send" jsonschema_description:"the answer"`
}

// Auth says who a connection is. All values are templates.
type Auth struct {
	Query        map[string]string `yaml:"query,omitempty" jsonschema_description:"query parameters of the WebSocket address"`
	Header       map[string]string `yaml:"header,omitempty" jsonschema_description:"HTTP headers of the handshake"`
	Cookie       map[string]string `yaml:"cookie,omitempty" jsonschema_description:"cookies of the handshake"`
	Subprotocol  List[string]      `yaml:"subprotocol,omitempty" jsonschema_description:"WebSocket subprotocols, for servers that take a token there"`
	FirstMessage string            `yaml:"first_message,omitempty" jsonschema_description:"first text frame after the handshake"`
	Login        *Login            `yaml:"login,omitempty" jsonschema_description:"HTTP request before the handshake"`
}

// Login is an HTTP request, once a user, whose answer becomes template values.
type Login struct {
	HTTP `yaml:",inline"`
	Take *Take `yaml:"take,omitempty" jsonschema_description:"what the answer gives: cookies: true, and names with a JSON path, which become {{.user.NAME}}"`
}

// Take says what is kept of a login's answer.
type Take struct {
	Cookies bool
	Values  map[string]string
}

// HTTP is a request. Exactly one method is set; its value is the address.
type HTTP struct {
	Get    string            `yaml:"get,omitempty" jsonschema_description:"address of a GET request"`
	Post   string            `yaml:"post,omitempty" jsonschema_description:"address of a POST request"`
	Put    string            `yaml:"put,omitempty" jsonschema_description:"address of a PUT request"`
	Patch  string            `yaml:"patch,omitempty" jsonschema_description:"address of a PATCH request"`
	Delete string            `yaml:"delete,omitempty" jsonschema_description:"address of a DELETE request"`
	JSON   any               `yaml:"json,omitempty" jsonschema_description:"body, sent as JSON; every string in it is a template"`
	Form   map[string]string `yaml:"form,omitempty" jsonschema_description:"body, sent as a form"`
	Body   string            `yaml:"body,omitempty" jsonschema_description:"body as text"`
	Header map[string]string `yaml:"header,omitempty" jsonschema_description:"headers of the request"`
}

// The audiences of an emission.
const (
	AudienceUser      = "user"
	AudienceSession   = "session"
	AudienceRoom      = "room"
	AudienceBroadcast = "broadcast"
	AudienceReply     = "reply"
)

// Emit is one way to make an event. Exactly one of WS, HTTP and Exec is set.
type Emit struct {
	Name     string   `yaml:"name,omitempty" jsonschema_description:"how reports call it; default: its number"`
	WS       string   `yaml:"ws,omitempty" jsonschema_description:"text frame sent on a user's connection"`
	HTTP     *HTTP    `yaml:"http,omitempty" jsonschema_description:"HTTP request"`
	Exec     []string `yaml:"exec,omitempty" jsonschema_description:"command and arguments; needs --allow-exec"`
	From     string   `yaml:"from,omitempty" jsonschema:"enum=self,enum=other,enum=any" jsonschema_description:"on whose connection ws is sent: the addressee's, another user's, or both in turn (any, the default)"`
	Audience string   `yaml:"audience,omitempty" jsonschema:"enum=user,enum=session,enum=room,enum=broadcast,enum=reply" jsonschema_description:"who may receive it; default user"`
	Rooms    int      `yaml:"rooms,omitempty" jsonschema_description:"number of rooms, at most half as many as users; user i joins room i mod rooms"`
	Join     *Action  `yaml:"join,omitempty" jsonschema_description:"makes a user a member of {{.room}}"`
	Leave    *Action  `yaml:"leave,omitempty" jsonschema_description:"ends the membership"`
	Rate     Rate     `yaml:"rate,omitempty" jsonschema_description:"events of this emitter in all, for example 50/s"`
}

// Action is a frame or a request without an answer to wait for.
type Action struct {
	WS   string `yaml:"ws,omitempty" jsonschema_description:"text frame sent on the user's connection"`
	HTTP *HTTP  `yaml:"http,omitempty" jsonschema_description:"HTTP request"`
}

// Request is a question over a user's connection.
type Request struct {
	WS string `yaml:"ws" jsonschema_description:"text frame of the question"`
	ID string `yaml:"id,omitempty" jsonschema_description:"text that its answer contains"`
}

// Logout ends a session on an open connection.
type Logout struct {
	Action `yaml:",inline"`
	Ack    *Matcher `yaml:"ack,omitempty" jsonschema_description:"the frame after which nothing may arrive"`
}

// Relogin changes the user of an open connection.
type Relogin struct {
	WS    string   `yaml:"ws" jsonschema_description:"text frame of the login"`
	Ready *Matcher `yaml:"ready,omitempty" jsonschema_description:"the frame after which the connection is the new user's"`
}

// Resume continues a session on a new connection. The three expressions are
// matched on every frame of the session; the last match wins.
type Resume struct {
	Query        map[string]string `yaml:"query,omitempty" jsonschema_description:"query parameters of the WebSocket address"`
	Header       map[string]string `yaml:"header,omitempty" jsonschema_description:"HTTP headers of the handshake"`
	FirstMessage string            `yaml:"first_message,omitempty" jsonschema_description:"first text frame after the handshake"`
	WS           string            `yaml:"ws,omitempty" jsonschema_description:"text frame sent once the connection is ready"`
	Session      string            `yaml:"session,omitempty" jsonschema_description:"regular expression whose first group is {{.session}}"`
	Epoch        string            `yaml:"epoch,omitempty" jsonschema_description:"regular expression whose first group is {{.epoch}}"`
	Since        string            `yaml:"since,omitempty" jsonschema_description:"regular expression whose first group is {{.since}}"`
}

// Revoke takes a user's rights from outside.
type Revoke struct {
	Action `yaml:",inline"`
	Ack    *Matcher `yaml:"ack,omitempty" jsonschema_description:"for ws: the frame after which nothing may arrive"`
}

// Load is how much, how long and in which patterns.
type Load struct {
	Ramp      Duration     `yaml:"ramp,omitempty" jsonschema_description:"time over which the users connect; default: all at once"`
	Hold      Duration     `yaml:"hold,omitempty" jsonschema_description:"total time of the run on each server"`
	Schedules List[string] `yaml:"schedules,omitempty" jsonschema_description:"quick, all, or names"`
	Faults    List[string] `yaml:"faults,omitempty" jsonschema_description:"what the schedule faults does to connections: delay, split, slow-loris, drop, reset, half-open; default: all"`
	Seed      *uint64      `yaml:"seed,omitempty" jsonschema_description:"the plan is a pure function of it"`
	Rate      Rate         `yaml:"rate,omitempty" jsonschema_description:"events per user, for example 20/s"`
}

// Expect is what must hold.
type Expect struct {
	Isolation     string       `yaml:"isolation,omitempty" jsonschema:"enum=none,enum=user-isolated,enum=field-isolated,enum=lifetime-isolated,enum=session-isolated,enum=non-interfering" jsonschema_description:"the level that must hold; default session-isolated"`
	Loss          *Count       `yaml:"loss,omitempty" jsonschema_description:"events that may be lost; default 0; any turns the check off"`
	Duplicates    *Count       `yaml:"duplicates,omitempty" jsonschema_description:"events that may arrive twice; default 0; any turns the check off"`
	Order         string       `yaml:"order,omitempty" jsonschema:"enum=stream,enum=none" jsonschema_description:"stream (default): events of one sender to one audience keep their order"`
	P99           Duration     `yaml:"p99,omitempty" jsonschema_description:"99th percentile of the latency that may not be exceeded (exit code 4)"`
	Events        List[Events] `yaml:"events,omitempty" jsonschema_description:"protocols in whose order each connection must receive its events: agent (started first, completed last, every tool executing paired), or {type, run, first, last, between, pairs}"`
	MinDeliveries uint64       `yaml:"min_deliveries,omitempty" jsonschema_description:"judged deliveries under which the run is inconclusive"`
	MinJudged     float64      `yaml:"min_judged,omitempty" jsonschema:"minimum=0,maximum=1" jsonschema_description:"share of frames with a canary under which the run is inconclusive; default 0: any share"`
	Late          Duration     `yaml:"late,omitempty" jsonschema_description:"latency from which an event counts as late (D4) and is judged"`
	Starved       *Count       `yaml:"starved,omitempty" jsonschema_description:"streams that may be starved (D3); judged only when given"`
	Interference  *Count       `yaml:"interference,omitempty" jsonschema_description:"users that may be slowed by another user's stuck reader (X7); judged only when given"`
}

// Report says where the result goes.
type Report struct {
	Dir string `yaml:"dir,omitempty" jsonschema_description:"folder of the reports; default wsmig-report"`
}
