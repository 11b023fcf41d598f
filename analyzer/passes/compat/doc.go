// Package compat defines the analyzer that counts what still goes through the
// deprecated layer of wsruntime.
//
// # Analyzer compat
//
// compat: report each use of runtime/compat that is left
//
// The package github.com/wsmig/wsmig/runtime/compat has the API that old code
// expects of a WebSocket manager. It exists so that a program can change over
// call by call; each call that is left is debt, and this analyzer reports one
// finding for each of them:
//
//	compat.GetManager().SendToUser(order.Owner, msg)
//
// is reported with its role, here user-send, and with what replaces it:
//
//	em, err := factory.Emitter(ctx, order.Owner)
//	...
//	err = em.Emit(ctx, wsruntime.Event{Type: "order", Data: msg})
//
// A manager that is bound to a variable, kept in a field, passed or returned is a
// use with the role escape, and what is later called on it is one more. Mentions
// of the layer's types are uses with the role declaration. What only serves to
// pay the debt back, compat.Sites and compat.Strict, is not reported, nor is the
// layer itself. Calls through an interface that the manager satisfies are not
// seen; the place where the manager becomes that interface is.
//
// # Why it matters
//
// An accessor that takes no user can't be made safe for the user: the caller
// names nobody, so nothing can check that the right one is meant. In the system
// that this project learns from, the accessor that was kept for compatibility had
// gained forty new callers two days after the move was declared done. A count
// that may only fall is what keeps a migration moving; use it with a baseline:
// `wsmig lint --write-baseline`, then `wsmig lint` in CI.
//
// # How to silence it
//
// At the line of the use, or on the line above, with a reason:
//
//	//wsmig:ignore compat the billing service moves in the next release
//
// `wsmig fix` migrates all uses in one run, and so does `go fix` where the one
// annotated function is called directly.
package compat
