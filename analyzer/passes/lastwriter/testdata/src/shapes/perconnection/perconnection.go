// Package perconnection makes an object for each connection: what it keeps is its
// own, whatever calls its methods.
package perconnection

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

type client struct {
	conn *websocket.Conn
	user string
	req  *http.Request
}

func serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &client{}
	c.conn = conn
	c.req = r
	c.rename(r.FormValue("user"))
	c.attach(conn)
	go c.read()
	newClient(conn).read()
}

func newClient(conn *websocket.Conn) *client {
	c := new(client)
	c.conn = conn
	return c
}

func (c *client) attach(conn *websocket.Conn) { c.conn = conn }
func (c *client) rename(user string)          { c.user = user }

func (c *client) read() {
	for {
		if _, _, err := c.conn.ReadMessage(); err != nil {
			c.conn = nil
			return
		}
	}
}

// A session serves one request by a method with the signature of a handler.
type session struct {
	conn *websocket.Conn
	w    http.ResponseWriter
}

func handle(w http.ResponseWriter, r *http.Request) { (&session{}).serve(w, r) }

func (s *session) serve(w http.ResponseWriter, r *http.Request) {
	s.w = w
	s.conn, _ = upgrader.Upgrade(w, r, nil)
}

// Literals inside a handler belong to its request.
func nested(w http.ResponseWriter, r *http.Request) {
	var conn *websocket.Conn
	s := &session{}
	http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ = upgrader.Upgrade(w, r, nil)
		s.conn = conn
	}).ServeHTTP(w, r)
}
