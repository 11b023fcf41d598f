// Package sessions keeps another package's per-user type in package state.
package sessions

import "shapes/sessions/session"

var open = map[string]*session.Session{} // want `^open keeps wsruntime\.Emitter values in package state`

var config session.Config

func find(id string) *session.Session { return open[id] }
