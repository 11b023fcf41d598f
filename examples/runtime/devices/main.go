// Command devices shows one user on several devices: every event reaches all of them, an answer reaches the one that
// asked, and one can be closed without the others.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func main() {
	f, err := wsruntime.NewFactory(&wsruntime.Options{OnMessage: onMessage, MaxConnsPerUser: 5, AtLimit: wsruntime.EvictOldest})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/ws", f.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil // see auth
	}))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

type request struct {
	Do     string `json:"do"`     // list, close
	Device string `json:"device"` // for close
}

// onMessage lets a user look at her own devices, which are all that a connection can reach from here.
func onMessage(ctx context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
	var req request
	if err := json.Unmarshal(data, &req); err != nil {
		return fmt.Errorf("not a request: %w", err)
	}
	var devices []string
	for other := range c.UserContext().Pool().All() {
		if req.Do == "close" && other.Device() == req.Device && other != c {
			if err := other.Close(4001, "closed from another device"); err != nil {
				log.Print(err)
			}
			continue
		}
		devices = append(devices, other.Device())
	}
	return c.Emit(ctx, wsruntime.Event{Type: "devices", Data: devices})
}
