// Package chat serves the WebSocket endpoint: direct messages and rooms.
package chat

import (
	"log"
	"net/http"

	"github.com/gorilla/websocket"

	"example.com/legacychat/internal/realtime"
)

var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}

// frame is what clients send.
type frame struct {
	Type string `json:"type"` // send, join, leave, room
	To   string `json:"to"`
	Room string `json:"room"`
	Text string `json:"text"`
}

// Serve upgrades the request to a WebSocket of the user named in the query and
// reads frames until the client goes away.
func Serve(w http.ResponseWriter, r *http.Request) {
	userID := r.URL.Query().Get("user")
	if userID == "" {
		http.Error(w, "user is missing", http.StatusUnauthorized)
		return
	}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		log.Printf("chat: upgrade of %s: %v", userID, err)
		return
	}
	defer conn.Close()

	manager := realtime.GetManager()
	manager.Register(userID, conn)
	defer manager.Unregister(userID)
	if err := manager.SendToUser(userID, realtime.Message{Type: "ready"}); err != nil {
		log.Printf("chat: greeting %s: %v", userID, err)
	}

	for {
		var in frame
		if err := conn.ReadJSON(&in); err != nil {
			return
		}
		handle(userID, in)
	}
}
