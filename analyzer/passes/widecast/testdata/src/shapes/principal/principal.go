// Package principal knows its user by what the login put into the request, when it // want package:`userID`
// registers and when it answers.
package principal

import (
	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

var conns = map[string]*websocket.Conn{}

func connect(c *gin.Context) {
	conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	conns[c.GetString("userID")] = conn
}

func SendTo(user string, v any) error {
	conn, ok := conns[user]
	if !ok {
		return nil
	}
	return conn.WriteJSON(v)
}

func Broadcast(v any) {
	for _, conn := range conns {
		conn.WriteJSON(v)
	}
}

func deposit(c *gin.Context, amount int) {
	user := c.GetString("userID")
	Broadcast(map[string]any{"user": user, "amount": amount}) // want `^everyone receives what is made from c\.GetString\("userID"\), .* the alternative is SendTo \(widecast, broadcast\)$`
}

// A name that the client chose, or the server's own version, is nobody's.
func renamed(c *gin.Context) {
	Broadcast(map[string]any{"room": c.Query("room"), "version": c.GetString("version")})
}
