// Package runtime delivers events to users over WebSockets so that nothing meant for one user can reach another.
//
// A [Factory] makes an [Emitter] for one user. The emitter's user can't be changed, by no argument and by no field of
// an [Event]; it reaches that user's connections (each a [Conn] in the user's [Pool]) and nobody else's. State that
// belongs to a user lives in that user's [UserContext] and ends with it. [Factory.Broadcast] is the only call that
// reaches more than the members of a [Room], and says so by its name.
//
//	f, err := wsruntime.NewFactory(nil)
//	http.Handle("/ws", f.Handler(authenticate))
//	...
//	em, err := f.Emitter(ctx, "alice")
//	defer em.Close()
//	err = em.Emit(ctx, wsruntime.Event{Type: "invoice.paid", Data: invoice})
//
// Import it as wsruntime: the name runtime belongs to the standard library in most readers' minds.
//
// # What is promised
//
// Every copy of an event is, at any instant, delivered (written to a socket), dropped for a counted reason, queued or
// in flight: [Stats] adds up exactly, for each user and in total. Events reach a connection in the order in which they
// were emitted. Data is encoded before Emit returns, so the caller may reuse its memory at once. Nothing blocks on a
// slow client except where [Block] asks for it, and then only the calls that emit to that client's user. What is
// created is released by the handle that created it, and the reader's exit releases a connection; time-outs are a
// back-stop. No callback of yours runs under a lock of this package, and a panic in one ends the connection that it
// was called for, nothing more.
//
// # What it costs
//
// An idle connection costs about 3 KB of memory, and on Linux no goroutine: one poller waits for all of them, and a
// goroutine reads while something comes in. Elsewhere, over TLS and over connections of unknown types it costs one
// goroutine. Such connections are also written by goroutines, on demand; TCP and Unix sockets are written by a few
// workers, many events at a time, which never wait for a client. An event whose data is a [JSONAppender], or raw, is
// emitted without an allocation. Over HTTP/2 no WebSocket is served: clients that are offered both use HTTP/1.1.
//
// # Wire format
//
// With [Envelope] framing (the default) an event is one JSON text message:
//
//	{"v":1,"type":"invoice.paid","id":"...","seq":7,"epoch":"...","thread":"t1","ts":"2026-01-02T03:04:05.6Z","data":{...}}
//
// The field thread is left out when it is empty. Frames whose type starts with "wsmig." are the server's own and take
// no sequence number: "wsmig.ready" opens every connection (epoch, seq, session), "wsmig.gap" names events that this
// connection will not get (from, to, reason: overflow of its queue, expired from the ring, epoch that is not this
// stream's, malformed token, history of a bus). A client that reconnects with the query ?resume=<epoch>:<last seq> gets
// what it missed, as far as the bounded ring of its own user still has it, and a gap frame for the rest. A frame with
// seq 0 was meant for one connection only (see [Conn.Emit]) and is never replayed.
//
// A client is refused by HTTP status: 400 (no handshake, device name), 401, 403 (origin, revoked), 429 (its own limit),
// 500 (the authenticator panicked), 503 (a limit of all, out of time, shutting down), 505 (HTTP/2); or, with
// [Options.RejectAfterUpgrade], by close code. Connections are closed with
// 1002 and 1007 for broken frames and text, 1008 for what policy forbids (OnConnect or OnMessage said no, inbound rate,
// evicted, revoked), 1009 for messages over MaxInboundBytes, 1011 after a panic, 1012 at shutdown, and 1013 when the
// client should come back (queue overflow under [Disconnect], a bus that failed).
//
// With [Raw] framing the bytes on the wire are exactly those given to [Emitter.EmitRaw]: no envelope, no control
// messages, no sequence, no resume. An existing protocol moves over unchanged.
package runtime
