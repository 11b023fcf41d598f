// Package gws has the exported signatures of the real one, as far as the shapes
// need them.
package gws

import "net/http"

type Conn struct{ hidden int }

func (c *Conn) WriteMessage(kind int, b []byte) error { return nil }

type Message struct{ hidden int }

type Event interface {
	OnOpen(socket *Conn)
	OnClose(socket *Conn, err error)
	OnMessage(socket *Conn, message *Message)
}

type Upgrader struct{ hidden int }

func NewUpgrader(handler Event) *Upgrader { return nil }

func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) { return nil, nil }
