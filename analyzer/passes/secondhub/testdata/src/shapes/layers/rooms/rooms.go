// Package rooms knows who is in which room and asks the hub to send: it is no second manager. // want package:`hub\.hub`
package rooms

import "shapes/layers/hub"

var rooms = map[string]map[string]bool{}

func Join(room, user string) { rooms[room][user] = true }

func Send(room string, v any) {
	for user := range rooms[room] {
		hub.Send(user, v)
	}
}
