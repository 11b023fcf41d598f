// Package caller keeps a copy of it. // want package:`copies\.hub`
package caller

import "shapes/copies"

var hub = copies.Get()

func paid(user string) { hub.SendToUser(user, "paid") }
