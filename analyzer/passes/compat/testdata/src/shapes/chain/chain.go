// Package chain calls the layer as most code does: the accessor and the method in
// one expression. That is one use, whatever is wrapped around it.
package chain

import (
	"net/http"

	"github.com/wsmig/wsmig/runtime/compat"
)

type order struct{ Owner string }

func paid(o order) error {
	return compat.GetManager().SendToUser(o.Owner, "paid", o) // want `^\(compat\.Manager\)\.SendToUser still goes through runtime/compat: make an emitter of that user .* \(compat, user-send\)$`
}

func later(o order) {
	go compat.GetManager().SendToUser(o.Owner, "later", o)    // want `\(compat, user-send\)$`
	defer compat.GetManager().SendToUser(o.Owner, "done", o)  // want `\(compat, user-send\)$`
	(compat.GetManager()).SendToUser(o.Owner, "wrapped", nil) // want `\(compat, user-send\)$`
}

func rest(w http.ResponseWriter, r *http.Request) {
	compat.GetManager().Broadcast("news", nil)         // want `call factory\.Broadcast.* \(compat, broadcast\)$`
	compat.GetManager().Connect("u")                   // want `\(compat, register\)$`
	compat.GetManager().Register("u")                  // want `\(compat, register\)$`
	compat.GetManager().Disconnect("u")                // want `\(compat, unregister\)$`
	compat.GetManager().Unregister("u")                // want `\(compat, unregister\)$`
	if compat.GetManager().IsConnected("u") == false { // want `\(compat, query\)$`
		for range compat.GetManager().ConnectedUsers() { // want `\(compat, query\)$`
		}
	}
	compat.GetManager().Shutdown() // want `\(compat, lifecycle\)$`
	compat.GetManager().Later()    // want `use the factory that is behind it \(compat, other\)$`
}

// What go fix makes of these calls is bound, and still goes through the layer.
func bound() {
	compat.GetManager().For("u").Send("x")             // want `^\(compat\.Emitter\)\.Send still goes .* \(compat, user-send\)$`
	em := compat.GetManager().For("u")                 // want `^\(compat\.Manager\)\.For still goes .* \(compat, escape\)$`
	if em.Connected() && em.Send([]byte("x")) == nil { // want `\(compat, query\)$` `\(compat, user-send\)$`
		return
	}
}

func nested() error {
	return compat.GetManager().SendToUser( // want `\(compat, user-send\)$`
		compat.GetManager().ConnectedUsers()[0], // want `\(compat, query\)$`
		"nested", nil)
}
