// Package caller uses the layer through another package's variable, without an
// import of its own.
package caller

import "shapes/facade"

func paid(owner string) {
	facade.Default.SendToUser(owner, "paid", nil) // want `\(compat, user-send\)$`
	facade.Push(owner)
}
