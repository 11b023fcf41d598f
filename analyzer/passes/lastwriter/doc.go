// Package lastwriter defines the analyzer that finds state which the newest caller
// takes over from everybody else.
//
// # Analyzer lastwriter
//
// lastwriter: report stores by which the newest caller owns everyone's traffic
//
// A handler serves many users at once, and what it keeps in a place that all of
// them share belongs to whoever came last. The analyzer reports stores from a
// handler into a package variable, a field of a process-wide manager, a field of
// the handler's receiver, or a captured variable, of
//
//   - a connection, or an object that carries one;
//   - a request, its response writer or its context;
//   - a user id, that is: a value for a field or variable which some send uses to
//     pick who receives.
//
// For example:
//
//	func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
//		conn, err := upgrader.Upgrade(w, r, nil)
//		...
//		h.conn = conn // everybody else now speaks to this user
//	}
//
// Keep connections in a map by user, make an object per connection, or let an
// emitter of wsruntime hold them. The pair SetUser(u), Emit(x), where the first
// stores the user that the second sends to, is such a store too: pass the user
// with each call.
//
// Handlers are functions with the signature of net/http or of a web framework,
// callbacks given to a WebSocket library, event methods, the goroutines that these
// start and the functions of the package that they call; what a function of
// another package stores is reported at the call. Methods of process-wide managers
// count whoever calls them. Not reported: elements of maps and slices, objects
// that are made for one connection or request, copies, connections that the
// program dials itself, and anything else that a handler may set for everyone,
// such as settings and counters.
//
// # Why it matters
//
// The system that this project learns from fixed a leak of handlers by assigning
// each new socket to one handler object. For the 25 minutes that this was live,
// everyone spoke through the socket of whoever had connected last. Django Channels
// 3.0.0 to 3.0.2 (CVE-2020-35681) kept the scope of a request in the one handler
// object that served all, and sessions and responses went to the wrong client.
//
// # How to silence it
//
// At the line of the store, or on the line above, with a reason:
//
//	//wsmig:ignore lastwriter the kiosk has one screen
package lastwriter
