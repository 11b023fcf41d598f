// Package loadtest proves, or disproves, that a WebSocket server keeps its users
// apart. Real users connect over real sockets, every event that is sent carries a
// mark that names its owner, every frame that arrives is judged where it arrives,
// and the result says what reached whom.
//
//	result, err := loadtest.Run(ctx, &loadtest.Config{Servers: servers})
//
// The plan of a run (who sends what to whom, who is cut off when) is a pure
// function of its seed. A control, a server that is known to leak, runs under the
// same plan: a run that did not catch it proves nothing and is inconclusive, and
// so is one in which no event arrived, or whose checker failed its self-test. Time
// is spread over the schedules and then spent where something new turns up.
//
// Everything that is written in a result was measured. What could not be measured
// is zero or left out, and its field says so.
package loadtest
