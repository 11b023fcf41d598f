// Package types names the layer's types: fields, parameters, embedding.
package types

import "github.com/wsmig/wsmig/runtime/compat"

type billing struct {
	ws *compat.Manager // want `^compat\.Manager still goes through runtime/compat: declare a \*wsruntime\.Factory.* \(compat, declaration\)$`
}

func newBilling(ws *compat.Manager) *billing { // want `\(compat, declaration\)$`
	return &billing{ws: ws}
}

func (b *billing) paid(owner string) {
	b.ws.SendToUser(owner, "paid", nil) // want `\(compat, user-send\)$`
}

type hub struct {
	*compat.Manager // want `\(compat, declaration\)$`
}

func (h hub) paid(owner string) {
	h.SendToUser(owner, "paid", nil)         // want `\(compat, user-send\)$`
	h.Manager.SendToUser(owner, "paid", nil) // want `\(compat, user-send\)$`
}
