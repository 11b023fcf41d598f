// Package caller uses generated emitters, which need no Close.
package caller

import (
	"net/http"

	"shapes/generated"
)

var operator = generated.EmitterFor("root")

func paid(w http.ResponseWriter, r *http.Request) {
	em := generated.EmitterFor("u")
	em.Message(nil)
	operator.Message(nil)
}
