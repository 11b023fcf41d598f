// Package packagevar keeps the connection in a variable of the package.
package packagevar

import (
	"net/http"
	"sync/atomic"

	"github.com/gorilla/websocket"
)

var (
	upgrader websocket.Upgrader
	conn     *websocket.Conn
	session  struct{ conn *websocket.Conn }
	latest   atomic.Pointer[websocket.Conn]
	sink     any
)

func serve(w http.ResponseWriter, r *http.Request) {
	var err error
	conn, err = upgrader.Upgrade(w, r, nil) // want `^conn is there for all users and becomes the connection of whoever came last`
	if err != nil {
		return
	}
	session.conn = conn
	listen(conn)
}

func serveToo(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	session.conn = c // want `^session\.conn is there for all users`
	sink = c         // want `^sink is there for all users`
	latest.Store(c)  // want `^latest is there for all users`
}

func listen(c *websocket.Conn) {
	for {
		_, message, err := c.ReadMessage()
		if err != nil {
			return
		}
		conn.WriteMessage(1, message)
	}
}
