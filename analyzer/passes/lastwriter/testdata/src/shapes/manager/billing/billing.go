// Package billing uses the pair of setter and send. The store is reported where it
// is, in the manager.
package billing

import (
	"net/http"

	"shapes/manager"
)

func Charge(w http.ResponseWriter, r *http.Request) {
	m := manager.GetManager()
	m.SetUser(r.FormValue("user"))
	m.Emit("charged")
}
