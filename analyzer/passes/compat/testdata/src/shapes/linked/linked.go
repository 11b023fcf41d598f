// Package linked links the layer in and never uses it.
package linked

import (
	_ "net/http"

	_ "github.com/wsmig/wsmig/runtime/compat" // want `^runtime/compat is linked in and nothing here uses it: drop the import \(compat, other\)$`
)
