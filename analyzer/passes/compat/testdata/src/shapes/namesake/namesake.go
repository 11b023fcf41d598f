// Package namesake uses a package of the program's own that has the same name,
// and a method with the name of one in the layer.
package namesake

import "shapes/namesake/compat"

type mailer struct{}

func (mailer) SendToUser(user string) {}

func paid() {
	compat.GetManager().SendToUser("u")
	mailer{}.SendToUser("u")
}
