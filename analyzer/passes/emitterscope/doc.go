// Package emitterscope defines the analyzer that keeps emitters with the user
// they were made for.
//
// # Analyzer emitterscope
//
// emitterscope: report emitters and user contexts that outlive or outgrow their user
//
// An emitter of wsruntime speaks to one user, whatever its caller passes. That
// holds only as long as code that works for one user has that user's emitter. The
// analyzer reports where it gets away:
//
//   - kept: a package variable holds an emitter or a user context, in its type, in
//     a map, in a struct, or by what is stored into a sync.Map; a handler assigns
//     one to a field of an object that serves everybody; a pool hands one on;
//   - captured: a function that serves every request uses or replaces an emitter
//     that was declared outside of it, or goroutines started in a loop share the
//     variable that the loop fills with the next user's;
//   - used after Close, in the same function, through a view made with For, after a
//     call of a function that closes it, or in a goroutine that the function does
//     not wait for;
//   - never closed, nor given to anyone who could.
//
// For example:
//
//	var current *wsruntime.Emitter
//
//	func login(w http.ResponseWriter, r *http.Request) {
//		current, _ = factory.Emitter(r.Context(), userOf(r))
//	}
//
//	func work(w http.ResponseWriter, r *http.Request) {
//		current.Emit(r.Context(), step) // to whoever logged in last
//	}
//
// Handles are cheap: make one where it is needed, and defer its Close.
//
// What a generated EmitterFor returns has no Close and may be kept; it is left
// alone, and so is everything in files that wsmig fix wrote. An emitter for a user
// whom the program itself names, such as an operator, may be captured. Emitters
// that tests make and what main holds until the end need no Close.
//
// # Why it matters
//
// GitHub signed all users out in March 2021: a background thread kept the object
// of one request while the server went on to use it for the next, and a user
// received another user's session cookie. Django Channels 3.0.0 to 3.0.2 kept one
// handler's scope for the following request (CVE-2020-35681), and responses went
// to the wrong client. In both, what belonged to one user was held a moment longer
// than its request. An emitter that nobody closes does the opposite harm: the
// user's context stays, and counts against the limits, for the life of the process.
//
// # How to silence it
//
// At the line of the finding, or on the line above, with a reason:
//
//	//wsmig:ignore emitterscope the kiosk has one user
package emitterscope
