// Package widecast defines the analyzer that finds one user's data in messages to
// everyone.
//
// # Analyzer widecast
//
// widecast: report broadcasts whose payload is built from one user's data
//
// A broadcast is the shortest way to tell a user something: there is always a
// connection in it that is the right one. All others get the message too. This is
// the most frequent leak of real servers:
//
//	func (s *Orders) Paid(o Order) {
//		realtime.GetManager().Broadcast(event{"paid", o}) // everyone sees the order
//	}
//
// The analyzer reports broadcasts through process-wide managers, and through
// wsruntime's Factory.Broadcast, into whose payload flows what stands for one user,
// or an object that has such a field, together with anything else. The same goes
// for rooms that the program names by a constant. What stands for one user is
// learned from what the program does, not from names: it is the addressee of a
// send to one user, the key under which a connection is registered, or what such a
// value was taken from: parameters, fields, what a login put into the request; in
// this package and those that it imports.
//
// If the message is meant for that user, send it to that user: where the manager
// has a send for one user, the finding names it as the alternative. `wsmig fix
// --widecast` applies it. Whether it is meant so, only you can know.
//
// Not reported: what a client itself says to everyone (broadcasts in functions of
// one connection); messages that only say that a user is there, left or types;
// objects that go to one user when they name one and to everyone otherwise; lists
// of many users' data; managers that know no users. A user id that no send and no
// registration of the program ever uses is not recognised.
//
// # Why it matters
//
// OliveTin sent the results of every user's commands to everyone who was connected
// (OliveTin#471), kubeshark one user's errors to all (kubeshark#449). In
// local-deep-research an emit without a room, on the one shared socket, broadcast
// research results and API keys (local-deep-research#4437), and Mattermost told
// people outside of a team of changes inside it (CVE-2026-3433).
//
// # How to silence it
//
// At the line of the broadcast, or on the line above, with a reason:
//
//	//wsmig:ignore widecast scores are public in this game
package widecast
