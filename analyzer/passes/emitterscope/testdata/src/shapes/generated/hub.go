// Package generated has a file that wsmig fix wrote: what that file keeps is its
// own affair, and so is the type it gives to callers.
package generated

var last Emitter

func paid(user string) { EmitterFor("u").Message(nil) }
