package conns

import "strings"

const gobwasPath = "github.com/gobwas/ws"

// names is a set of identifiers.
type names map[string]bool

func set(list string) names {
	s := names{}
	for _, name := range strings.Fields(list) {
		s[name] = true
	}
	return s
}

// lib is what is known of one library.
type lib struct {
	conns  names // types that are one connection
	hubs   names // types that hold connections
	writes names // methods of connections, and functions given one, that deliver a payload
	accept names // functions and methods whose result is a connection from a user
	dial   names // functions and methods whose result is a connection to a server
}

// gorilla is also the shape of its forks.
var gorilla = &lib{
	conns:  set("Conn"),
	writes: set("WriteMessage WriteJSON WritePreparedMessage NextWriter"),
	accept: set("Upgrade"),
	dial:   set("Dial DialContext NewClient"),
}

var melody = &lib{
	conns:  set("Session"),
	hubs:   set("Melody"),
	writes: set("Write WriteBinary"),
	accept: set("HandleRequest HandleRequestWithKeys"),
}

var coder = &lib{
	conns:  set("Conn"),
	writes: set("Write Writer"),
	accept: set("Accept"),
	dial:   set("Dial"),
}

var fiber = &lib{conns: set("Conn"), writes: gorilla.writes, accept: set("New"), dial: gorilla.dial}

var socketio = &lib{
	conns:  set("Conn Socket Channel"),
	hubs:   set("Server Namespace"),
	writes: set("Emit Send Write Volatile"),
}

var libraries = map[string]*lib{
	"github.com/gorilla/websocket":                   gorilla,
	"github.com/fasthttp/websocket":                  {conns: gorilla.conns, writes: gorilla.writes, accept: gorilla.accept, dial: gorilla.dial},
	"github.com/btcsuite/websocket":                  gorilla,
	"github.com/gofiber/websocket":                   fiber,
	"github.com/gofiber/contrib/websocket":           fiber,
	"github.com/gofiber/contrib/v3/websocket":        fiber,
	"github.com/antoniodipinto/ikisocket":            {conns: set("Websocket"), writes: set("Emit EmitTo")},
	"github.com/coder/websocket":                     coder,
	"github.com/coder/websocket/wsjson":              {writes: set("Write")},
	"nhooyr.io/websocket":                            coder,
	"nhooyr.io/websocket/wsjson":                     {writes: set("Write")},
	"nhooyr.io/websocket/wspb":                       {writes: set("Write")},
	"golang.org/x/net/websocket":                     {conns: set("Conn"), writes: set("Write Send NewFrameWriter"), dial: set("Dial DialConfig NewClient")},
	gobwasPath:                                       {writes: set("WriteFrame WriteHeader"), accept: set("Upgrade UpgradeHTTP"), dial: set("Dial")},
	gobwasPath + "/wsutil":                           {writes: set("WriteServerMessage WriteServerText WriteServerBinary WriteMessage NewWriter")},
	"github.com/lxzan/gws":                           {conns: set("Conn"), writes: set("WriteMessage WriteString WriteAsync WriteJSON Writev WriteFile"), accept: set("Upgrade UpgradeFromConn"), dial: set("NewClient NewClientFromConn")},
	"github.com/lesismal/nbio/nbhttp/websocket":      {conns: set("Conn"), writes: set("WriteMessage WriteFrame"), accept: set("Upgrade UpgradeWithoutHandlingReadForConnFromSTDServer"), dial: set("Dial DialContext")},
	"github.com/olahol/melody":                       melody,
	"gopkg.in/olahol/melody":                         melody,
	"github.com/googollee/go-socket.io":              socketio,
	"github.com/graarh/golang-socketio":              socketio,
	"github.com/ambelovsky/gosf-socketio":            socketio,
	"github.com/zishang520/socket.io/socket":         socketio,
	"github.com/zishang520/socket.io/servers/socket": socketio,
	"github.com/njones/socketio":                     socketio,
	"github.com/doquangtan/socketio":                 socketio,
	"github.com/centrifugal/centrifuge":              {conns: set("Client"), hubs: set("Node"), writes: set("Send")},
	"github.com/igm/sockjs-go/sockjs":                {conns: set("Session"), writes: set("Send")},
	"gopkg.in/igm/sockjs-go/sockjs":                  {conns: set("Session"), writes: set("Send")},
}

// library finds what is known of an import path, whatever its major version.
func library(path string) *lib {
	if l, ok := libraries[path]; ok {
		return l
	}
	return libraries[unversioned(path)]
}

// unversioned drops a major version element such as /v2 or .v1.
func unversioned(path string) string {
	parts := strings.Split(path, "/")
	kept := parts[:0:0]
	for _, part := range parts {
		if isVersion(part) {
			continue
		}
		if i := strings.LastIndex(part, ".v"); i > 0 && isVersion(part[i+1:]) {
			part = part[:i]
		}
		kept = append(kept, part)
	}
	return strings.Join(kept, "/")
}

func isVersion(s string) bool {
	if len(s) < 2 || s[0] != 'v' {
		return false
	}
	for _, r := range s[1:] {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

// Known reports whether the import path is a WebSocket library.
func Known(path string) bool { return library(CleanPath(path)) != nil }

// Gobwas reports whether the import path makes net.Conn a WebSocket.
func Gobwas(path string) bool { return strings.HasPrefix(CleanPath(path), gobwasPath) }

// Writes reports whether the function or method called name of the package
// delivers a payload to a connection.
func Writes(path, name string) bool {
	l := library(CleanPath(path))
	return l != nil && l.writes[name]
}

// Accepts reports whether it returns a connection from a user.
func Accepts(path, name string) bool {
	l := library(CleanPath(path))
	return l != nil && l.accept[name]
}

// Dials reports whether it returns a connection to a server.
func Dials(path, name string) bool {
	l := library(CleanPath(path))
	return l != nil && l.dial[name]
}
