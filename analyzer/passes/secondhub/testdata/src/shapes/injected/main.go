// Command injected makes its hub in main and passes it on, and the package has one manager. // want package:`main\.conns`
package main

import "github.com/gorilla/websocket"

type hub struct{ conns map[string]*websocket.Conn }

func (h *hub) send(user string, v any) error { return h.conns[user].WriteJSON(v) }

type service struct{ hub *hub }

var conns = map[string]*websocket.Conn{}

func send(user string, v any) error { return conns[user].WriteJSON(v) }

func main() {
	s := &service{hub: &hub{conns: map[string]*websocket.Conn{}}}
	s.hub.send("u", "hi")
	conns["u"] = nil
	send("u", "hi")
}
