// Package parts has several variables that together are one manager. // want package:`parts`
package parts

import "github.com/gorilla/websocket"

type client struct {
	id   string
	conn *websocket.Conn
}

type directory struct{ byUser map[string]*client }

func (d *directory) send(user string, v any) { d.byUser[user].conn.WriteJSON(v) }

type index struct{ byConn map[*websocket.Conn]*client }

func (i *index) send(conn *websocket.Conn, v any) { i.byConn[conn].conn.WriteJSON(v) }

var (
	users   = &directory{byUser: map[string]*client{}}
	conns   = &index{byConn: map[*websocket.Conn]*client{}}
	clients = map[string]*client{}
	online  = map[*websocket.Conn]string{}
)

func register(c *client) {
	users.byUser[c.id] = c
	conns.byConn[c.conn] = c
	clients[c.id] = c
	online[c.conn] = c.id
}

func sendTo(user string, v any) { users.send(user, v) }
func reply(conn *websocket.Conn, v any) {
	conns.send(conn, v)
}
func sendMap(user string, v any) { clients[user].conn.WriteJSON(v) }
