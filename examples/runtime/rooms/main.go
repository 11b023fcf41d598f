// Command rooms is a chat with rooms: the server decides who is a member, a client only says what it wants.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"slices"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func main() {
	c := &chat{allowed: map[string][]wsruntime.UserID{"planning": {"alice", "bob"}, "lobby": nil}}
	f, err := c.factory()
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/ws", f.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil // see auth
	}))
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}

type chat struct {
	f       *wsruntime.Factory
	allowed map[string][]wsruntime.UserID // nil: everybody
}

func (c *chat) factory() (*wsruntime.Factory, error) {
	var err error
	c.f, err = wsruntime.NewFactory(&wsruntime.Options{OnMessage: c.onMessage})
	return c.f, err
}

type request struct {
	Do   string `json:"do"` // join, leave, say
	Room string `json:"room"`
	Text string `json:"text"`
}

type said struct {
	Room string           `json:"room"`
	From wsruntime.UserID `json:"from"`
	Text string           `json:"text"`
}

func (c *chat) onMessage(ctx context.Context, conn *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
	var req request
	if err := json.Unmarshal(data, &req); err != nil {
		return fmt.Errorf("not a request: %w", err)
	}
	user, room := conn.User(), c.f.Room(req.Room)
	switch req.Do {
	case "join":
		members, known := c.allowed[req.Room]
		if !known || members != nil && !slices.Contains(members, user) {
			return conn.Emit(ctx, wsruntime.Event{Type: "refused", Data: req.Room})
		}
		return room.Join(ctx, user)
	case "leave":
		return room.Leave(ctx, user)
	case "say":
		if !slices.Contains(room.Members(), user) {
			return conn.Emit(ctx, wsruntime.Event{Type: "refused", Data: req.Room})
		}
		_, err := room.Emit(ctx, wsruntime.Event{Type: "said", Data: said{req.Room, user, req.Text}})
		return err
	}
	return fmt.Errorf("unknown request %q", req.Do)
}
