// Package generated has a file by wsmig fix, with a factory for when none is set.
package generated

import wsruntime "github.com/wsmig/wsmig/runtime"

func Setup() { factory, _ = wsruntime.NewFactory(nil) }
