// Package compat is a connection manager of the old kind, served by a factory of the runtime: a way to change one
// import first and the calls afterwards. Code that says
//
//	realtime.GetManager().SendToUser(userID, message)
//
// goes on saying so, but what it sends passes through an emitter that is bound to that user, so that it can reach
// nobody else. Bytes on the wire stay as they were: no envelope is added.
//
// Every call site of the deprecated methods warns once, with file and line, and is counted: [Sites] lists them, so that
// a test or a dashboard can watch the number fall. In strict mode ([Strict], or WSMIG_STRICT=1 under go test) such a
// call panics.
//
// The methods with an equivalent of one line carry a go:fix directive: go fix rewrites their calls. wsmig fix goes all
// the way and takes this package out of the program.
package compat
