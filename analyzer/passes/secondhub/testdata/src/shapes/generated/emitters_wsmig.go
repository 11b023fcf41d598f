// Code by wsmig fix; singleton=shapes/generated.hub // want package:`makes in hub\.go`

package generated

import wsruntime "github.com/wsmig/wsmig/runtime"

var factory *wsruntime.Factory

func defaultFactory() *wsruntime.Factory {
	if factory == nil {
		factory, _ = wsruntime.NewFactory(nil)
	}
	return factory
}
