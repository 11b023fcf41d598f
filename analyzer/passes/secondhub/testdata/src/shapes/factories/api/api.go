// Package api makes one more. // want package:`makes in api\.go`
package api

import (
	wsruntime "github.com/wsmig/wsmig/runtime"

	"shapes/factories"
)

func Serve() {
	own, _ := wsruntime.NewFactory(nil) // want `^this is a second factory beside the one that shapes/factories makes`
	use(own, factories.Factory)
}

func use(...*wsruntime.Factory) {}
