// Package app brings two packages together that don't know each other. // want package:`chat\.conns orders\.conns`
package app

import (
	"shapes/meeting/chat"
	"shapes/meeting/orders" // want `^with this import the program gets orders\.conns, a second process-wide WebSocket manager beside chat\.conns`
)

func Both(user string) {
	chat.Send(user, "hi")
	orders.Send(user, "hi")
}
