// Package objects sends orders to their owners, and in some places to everyone: // want package:`Order\.Owner`
// there the owner's data leaks, whole or in parts.
package objects

import (
	"encoding/json"
	"fmt"
	"time"

	"shapes/objects/realtime"
)

type Order struct {
	Owner string
	Total int
	Items []string
}

type event struct {
	Kind string
	Data any
	At   time.Time
}

func shipped(o Order) { realtime.Get().SendToUser(o.Owner, event{Kind: "shipped", Data: o}) }

func paid(o Order) {
	realtime.Get().Broadcast(o) // want `^everyone receives what is made from o, and elsewhere its Owner picks one user; if it is meant for that user, the alternative is SendToUser \(widecast, broadcast\)$`
}

func refunded(o *Order) {
	ev := event{Kind: "refunded", At: time.Now()}
	ev.Data = o
	realtime.Get().Broadcast(ev) // want `made from o, and elsewhere its Owner picks one user`
}

func inParts(o Order) {
	msg := map[string]any{"type": "paid", "owner": o.Owner}
	msg["total"] = o.Total
	raw, err := json.Marshal(msg)
	if err != nil {
		return
	}
	realtime.Get().Broadcast(raw) // want `^everyone receives what is made from o\.Owner, and elsewhere that picks one user; .* \(widecast, broadcast\)$`
}

func asText(o Order) {
	go realtime.Get().Broadcast(fmt.Sprintf("%s paid %d", o.Owner, o.Total)) // want `made from o\.Owner`
}

func newEvent(kind string, data any) event { return event{Kind: kind, Data: data} }

func byConstructor(m *realtime.Manager, o Order) {
	realtime.Get().Broadcast(newEvent("paid", &o)) // want `made from o, and elsewhere its Owner`
}

// The same user is told and everyone is told: only what everyone gets is reported.
func both(userID string, balance int) {
	realtime.Get().SendToUser(userID, balance)
	realtime.Get().Broadcast(map[string]any{"balance": balance})
}

// What has no owner is for everyone.
type Product struct {
	Name  string
	Price int
}

func priced(p Product) { realtime.Get().Broadcast(p) }

// Told privately, and then told to all: the second is the leak.
func receipt(o Order) {
	realtime.Get().SendToUser(o.Owner, "thanks")
	realtime.Get().Broadcast(o) // want `made from o, and elsewhere its Owner picks one user`
}
