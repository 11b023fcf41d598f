// Package copies has one manager under two names. // want package:`copies\.hub`
package copies

import "github.com/gorilla/websocket"

type Hub struct{ conns map[string]*websocket.Conn }

func (h *Hub) Add(user string, conn *websocket.Conn) { h.conns[user] = conn }
func (h *Hub) SendToUser(user string, v any) error   { return h.conns[user].WriteJSON(v) }

var hub = &Hub{conns: map[string]*websocket.Conn{}}

var Default = hub

func Get() *Hub { return hub }
