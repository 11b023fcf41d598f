// Package callbacks has functions that a WebSocket library calls for every
// connection.
package callbacks

import (
	"net/http"

	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"
	"github.com/olahol/melody"
	xws "golang.org/x/net/websocket"
)

type app struct {
	session *melody.Session
	conn    *xws.Conn
	pong    string
}

func (a *app) routes(m *melody.Melody) http.Handler {
	m.HandleConnect(func(s *melody.Session) {
		a.session = s // want `^a\.session is there for all users`
	})
	m.HandleMessage(a.message)
	return xws.Handler(a.serve)
}

func (a *app) message(s *melody.Session, msg []byte) {
	a.session = s // want `^a\.session is there for all users`
}

func (a *app) serve(conn *xws.Conn) {
	a.conn = conn // want `^a\.conn is there for all users`
}

type events struct{ socket *gws.Conn }

func newUpgrader() *gws.Upgrader { return gws.NewUpgrader(&events{}) }

func (e *events) OnOpen(socket *gws.Conn) {
	e.socket = socket // want `^e\.socket is there for all users`
}

func (e *events) OnClose(socket *gws.Conn, err error)              { e.socket = nil }
func (e *events) OnMessage(socket *gws.Conn, message *gws.Message) {}

// What is given to one connection is that connection's own.
type client struct {
	conn *websocket.Conn
	last *websocket.Conn
	pong string
}

func (c *client) keepAlive() {
	c.conn.SetPongHandler(func(data string) error {
		c.pong = data
		c.last = c.conn
		return nil
	})
}
