// Package billing uses the wrappers with types of a third package. // want package:`model\.Owner\.ID`
package billing

import (
	"shapes/wrapped/model"
	"shapes/wrapped/notify"
)

func issued(inv model.Invoice) { notify.User(inv.Owner.ID, inv) }

func overdue(inv model.Invoice) {
	notify.Everyone(map[string]any{"owner": inv.Owner, "cents": inv.Cents}) // want `^everyone receives what is made from inv\.Owner, and elsewhere its ID picks one user; .* the alternative is User \(widecast, broadcast\)$`
}

func total(cents int) { notify.Everyone(map[string]any{"total": cents}) }
