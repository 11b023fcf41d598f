// Package websocket has the exported signatures of the real one, as far as the
// shapes need them.
package websocket

import "net/http"

type Conn struct{ hidden int }

func (c *Conn) Request() *http.Request { return nil }

type Handler func(*Conn)

func (h Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {}
