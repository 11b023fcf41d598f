// Package facade gives the layer another name, so that its callers don't import
// it.
package facade

import "github.com/wsmig/wsmig/runtime/compat"

type Hub = compat.Manager // want `\(compat, declaration\)$`

var Default *Hub = compat.GetManager() // want `\(compat, escape\)$`

// Push is first-party code: its callers are done once it is.
func Push(user string) error { return Default.SendToUser(user, "push", nil) } // want `\(compat, user-send\)$`
