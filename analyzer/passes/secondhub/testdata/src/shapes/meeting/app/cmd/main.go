// Command cmd imports what brought them together: it was said there. // want package:`chat\.conns orders\.conns`
package main

import (
	"shapes/meeting/app"
	"shapes/meeting/chat"
	"shapes/meeting/orders"
)

func main() {
	app.Both("u")
	chat.Send("u", "hi")
	orders.Send("u", "hi")
}
