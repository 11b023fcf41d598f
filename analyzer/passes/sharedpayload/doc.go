// Package sharedpayload defines the analyzer that finds payloads which change
// while they wait to be written.
//
// # Analyzer sharedpayload
//
// sharedpayload: report payloads that are changed, reused or pooled after they were queued
//
// A send to a connection usually goes through a queue: a channel that a write
// goroutine drains, a hub's method, a library that queues by itself. A slice, map
// or pointer that is put there is not copied. Whoever changes it afterwards changes
// what the receiver gets, and with buffers that is another user's message:
//
//	buf := pool.Get().(*bytes.Buffer)
//	defer pool.Put(buf)
//	json.NewEncoder(buf).Encode(v)
//	client.send <- buf.Bytes() // the next message is written over this one
//
// The analyzer follows what reaches connections: sends on channels whose values are
// written to one, directly or through other channels; calls of functions and
// methods, in this package or another, that queue a parameter; queueing calls of
// libraries, such as melody's; goroutines that write. It then looks for what may
// run afterwards, around loops and in deferred calls: a buffer that is read into,
// reset, appended to from its start or put into a pool, an element, map key or
// field that is assigned. A buffer that lives in a field is reported when the same
// function uses it from the start again.
//
// Not reported: copies (bytes.Clone, maps.Clone, append to nil, a string), variables
// that are given new memory in between, what runs only when the queue refused, what
// comes after a wait for the writer, queues that lead elsewhere, and wsruntime's
// Emit and EmitRaw, which encode or copy before they return. What another function
// changes later, through a pointer that it kept, is not seen.
//
// # Why it matters
//
// In Jetty (CVE-2019-17638) a buffer went back to its pool while a response still
// used it: two users shared it, and one got the other's session cookie. Atmosphere
// transformed all its WebSocket messages in one shared buffer, mozilla's
// go-syncstorage used buf.Bytes() after the buffer had been returned, and the system
// that this project learns from reused one dict for two sends, so that the frame
// kept for Alice said "for Bob".
//
// # How to silence it
//
// At the line of the hand-over, or on the line above, with a reason:
//
//	//wsmig:ignore sharedpayload the writer copies before it acknowledges
package sharedpayload
