// Package history judges what a WebSocket server delivered to whom. It is pure:
// it does no I/O, starts no goroutine and reads no clock; it is fed the events of
// a run, each with its moment on one clock, and answers with verdicts, anomalies
// and a report.
//
// # Model
//
// A principal is who the server authenticated. A session is one stay of a
// principal on a device. A connection carries one binding to a session at a time;
// logging in again on the same socket replaces it. A stream is what one emitter
// sends to one audience, numbered 1, 2, 3...; order and loss are judged within a
// stream only. The canary in a payload names its stream, its number and its owner.
//
// # Receipts
//
//	kind           code  when
//	own            -     in the audience
//	echo           -     not in the audience, but the author, where the plan allows it; X0 if the
//	                     addressee never got it and the server is not one that echoes
//	old run        -     a mark of another run: counted
//	no canary      -     counted; the share of judged frames is reported
//	foreign        X0    another user's event
//	ghost          X1a   own, but sent after the logout or revocation was acknowledged, or sent before
//	                     the logout was and come after it, more often than chance explains
//	early          X1b   own, but before the server was told of the session (Login) or, where that is
//	                     not known, acknowledged it
//	stale          X1c   of the user who was bound to the same socket before
//	wrong session  X1d   right user, but for another device or connection
//	field foreign  X2    a field, or a piece of at least 16 bytes of padding, of another user
//	crossed reply  X3    the reply to another user's request
//	overreach      X4    a room's event, at somebody not in the room when it was emitted
//	disclosed      X5    another user's identity mark
//	duplicate      D1    the session had it before
//	out of order   D2    something had arrived that was begun after this one was complete, over the
//	                     same connection if over any
//	late           D4    over Model.LateAfter, or after its stream's fence had counted it lost
//	forged         P0    whole, of this run, with a false check
//	phantom        P1    true, but never emitted
//	truncated      P2    cut
//	corrupted      P3    right length, wrong bytes
//	merged         P4    own and foreign in one frame; the foreign one counts as well
//	mistyped       P5    in a kind of frame that its stream does not use
//
// Not receipts: bytes that are no frame (Garbled) are P3; D0, lost, is decided by a
// fence; D3, starved, is a connection that got none of what its sibling got; X6
// comes from comparing two runs (Compare); X7 from comparing delays with and without
// faults; H is the harness itself.
//
// # Loss
//
// Lost is what was surely sent (Sent), while a connection of the addressee was
// bound that has stayed so, and had not arrived when the stream was fenced. What
// was under way when its addressee disconnected, asked to log out or to leave the
// room, or when the socket that asked for it ended, and what its trigger does not
// know to have sent, is never lost. If it arrives after all it is late instead.
//
// # Order
//
// A hole does not make what follows it reordered: an inversion is counted only when
// an event arrives after one that was begun when it was already complete, so that
// concurrent triggers may overtake each other. A trigger that is in doubt has no
// order. Triggers over different connections have none either, though one ended
// before the other began: a server reads each connection by itself, and may come to
// what lay unread in a dead one after what was asked for over the next.
//
// A user with several connections has received what any of them has; duplicates
// and order are judged along each session's chain of connections.
package history
