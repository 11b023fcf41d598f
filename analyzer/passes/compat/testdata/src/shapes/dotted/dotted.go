// Package dotted imports the layer under a dot and under a name of its own.
package dotted

import (
	. "github.com/wsmig/wsmig/runtime/compat"
	old "github.com/wsmig/wsmig/runtime/compat"
)

func paid(owner string) {
	GetManager().SendToUser(owner, "paid", nil)     // want `\(compat, user-send\)$`
	old.GetManager().SendToUser(owner, "paid", nil) // want `\(compat, user-send\)$`
}
