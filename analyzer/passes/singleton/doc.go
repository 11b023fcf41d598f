// Package singleton defines the analyzer that finds process-wide WebSocket
// managers and says what each use of them does.
//
// # Analyzer singleton
//
// singleton: find process-wide WebSocket managers and say what each use does
//
// A process-wide manager is package state from which the connections of more
// than one user can be reached: a sync.Once getter, a package variable, a map of
// connections with functions over it, channels with a loop behind them, a field
// of another global. Whoever holds it can reach everybody, so one wrong argument
// delivers a message to the wrong person:
//
//	var hub = NewHub()
//
//	func Paid(w http.ResponseWriter, r *http.Request) {
//		hub.SendToUser(r.FormValue("user"), receipt) // who checked that value?
//	}
//
// The analyzer reports the declaration and every use, in this package and in its
// importers, with the role of the use (user-send, broadcast, register, ...) and
// the addressee: the argument by which the manager picks the receiver. Both are
// inferred from what the code does, never from its names.
//
// In March 2021 GitHub handed session cookies to the wrong users because two
// threads shared one request object, and in March 2023 OpenAI showed chat titles
// to other customers because a cancelled request left its answer on a shared
// connection: process-wide objects that every request had to use correctly.
//
// Move the sends to emitters that are bound to one user with wsmig fix. Where a
// process-wide manager is meant, say so above the line:
//
//	//wsmig:ignore singleton one tenant per process
package singleton
