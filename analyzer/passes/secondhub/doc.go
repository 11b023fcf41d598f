// Package secondhub defines the analyzer that keeps one manager from becoming two.
//
// # Analyzer secondhub
//
// secondhub: report a second process-wide manager or factory of the same job
//
// A program needs one place that knows who is connected. A second one splits the
// users: whoever is connected to the one is not reached through the other, and
// every sender must know which to ask. It mostly comes by growth, when a feature
// brings a hub of its own instead of using the one that is there:
//
//	package realtime
//
//	var hub = NewHub() // map[string]*client, SendToUser, Broadcast
//
//	package alerts
//
//	var conns = map[string]*websocket.Conn{} // the same again
//
// The analyzer reports the later declaration and names the first: later is what
// imports the other, or stands further down in the same package. Two packages that
// don't know each other meet in a third, and there the import that brings the
// second is reported. Calls of wsruntime.NewFactory are compared in the same way.
//
// The same job means: both reach users or connections by an id, or else both reach
// rooms, or else both only reach everyone. Maps, channels and managers that one
// function uses together are parts of one. Two variables of the same type may serve
// two endpoints on purpose and are reported as info. Not reported: tests, programs
// that share a module but nothing else, managers of info level, such as those that
// only broadcast, and a manager that is being replaced by a factory.
//
// # Why it matters
//
// The system that this project learns from ended with four classes of one name,
// three connection pools and nine factories. A fix in one of them left the leak in
// the others, and users who had connected to one were "offline" for the next. One
// of its sibling maps was keyed by user and id, the other by id alone; the public
// incident of that kind is local-deep-research#5519, where two users both owned "1".
//
// # How to silence it
//
// At the line of the declaration, or on the line above, with a reason:
//
//	//wsmig:ignore secondhub operators connect to a port of their own
package secondhub
