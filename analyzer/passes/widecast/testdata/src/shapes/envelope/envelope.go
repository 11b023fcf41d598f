// Package envelope passes on messages of the manager's own type: the field for a // want package:`Message\.To`
// receiver is where one goes to, and not whose it is. A message that is made here for
// everyone out of a user's order is that user's all the same.
package envelope

import (
	"encoding/json"
	"net/http"

	"shapes/envelope/realtime"
)

type order struct {
	Owner string
	Total int
}

func one(w http.ResponseWriter, r *http.Request) {
	var msg realtime.Message
	if json.NewDecoder(r.Body).Decode(&msg) == nil {
		realtime.Default.SendToUser(msg.To, &msg)
	}
}

func all(w http.ResponseWriter, r *http.Request) {
	var msg realtime.Message
	if json.NewDecoder(r.Body).Decode(&msg) == nil {
		realtime.Default.Broadcast(&msg)
	}
}

func paid(o order) {
	realtime.Default.SendToUser(o.Owner, &realtime.Message{Text: "paid"})
	raw, _ := json.Marshal(o)
	realtime.Default.Broadcast(&realtime.Message{Text: string(raw)}) // want `made from o, and elsewhere its Owner`
}
