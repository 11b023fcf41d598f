package history

import (
	"fmt"
	"strings"
	"time"
)

// Explain says in words what an anomaly is and why it is one, from what the
// history knows. It names users, never payloads.
func (c *Checker) Explain(e *Evidence) string {
	var b strings.Builder
	if e.Code == H {
		fmt.Fprintf(&b, "At %s the harness failed", clock(e.At))
		if e.Note != "" {
			fmt.Fprintf(&b, ": %s", e.Note)
		}
		return b.String() + "."
	}
	what := c.event(e)
	switch {
	case e.Owner == 0 && e.Code == P3:
		fmt.Fprintf(&b, "At %s bytes that are no frame came to %s", clock(e.At), c.receiver(e))
	case e.Owner == 0:
		fmt.Fprintf(&b, "At %s %s received a mark that names nobody", clock(e.At), c.receiver(e))
	case e.Code == D0:
		fmt.Fprintf(&b, "%s had not reached %s when its stream was fenced at %s", upper(what), c.Name(e.Receiver), clock(e.At))
	case e.Code == X6:
		fmt.Fprintf(&b, "What %s received changed with what others did", c.Name(e.Receiver))
	case e.Code == D3:
		fmt.Fprintf(&b, "Connection c%d of %s received nothing of stream %d until the fence at %s, while another of his connections did", e.Conn, c.Name(e.Receiver), e.Stream, clock(e.At))
	default:
		fmt.Fprintf(&b, "%s was received at %s by %s", upper(what), clock(e.At), c.receiver(e))
	}
	fmt.Fprintf(&b, ". %s: %s", e.Code, reasons[e.Code])
	if e.Note != "" {
		fmt.Fprintf(&b, "; %s", e.Note)
	}
	return b.String() + "."
}

var reasons = [numCodes]string{
	X0: "that is not who it was for", X1a: "the session had ended", X1b: "the session had not begun", X1c: "the connection had become another user's",
	X1d: "it was for another session of the same user", X2: "it stood in a frame that was not his", X3: "it answers another user's request",
	X4: "the receiver was not in the room when it was emitted", X5: "it shows who somebody else is", D0: "it is lost", D1: "the session had it before",
	D2: "something begun after it had arrived already", D3: "it is starved", D4: "that is too late", P0: "its check is false, so it was put together from pieces or made up",
	P1: "it was never emitted", P2: "its end is missing", P3: "its bytes are not those that were sent", P4: "own and foreign events share one frame",
	P5: "its stream does not use this kind of frame",
}

// event names what was emitted, for whom and when.
func (c *Checker) event(e *Evidence) string {
	name := "a mark"
	if s := c.streams.get(uint32(e.Stream)); s != nil && e.Seq > 0 {
		name = fmt.Sprintf("event %d of stream %d", e.Seq, e.Stream)
		if s.Name != "" {
			name += " (" + s.Name + ")"
		}
	}
	if e.Field > 0 && e.Field < 30 {
		name = fmt.Sprintf("field %d of %s", e.Field, name)
	}
	name += " of " + c.Name(e.Owner)
	if e.Emitted == 0 {
		return name
	}
	name += ", emitted at " + clock(e.Emitted)
	if e.Via != 0 {
		name += fmt.Sprintf(" over c%d", e.Via)
	}
	return name + ","
}

// receiver names the connection and whose it was.
func (c *Checker) receiver(e *Evidence) string {
	if e.Receiver == 0 {
		return fmt.Sprintf("connection c%d, which was nobody's", e.Conn)
	}
	if e.Conn == 0 {
		return c.Name(e.Receiver)
	}
	return fmt.Sprintf("connection c%d, which was %s's since %s", e.Conn, c.Name(e.Receiver), clock(e.Bound))
}

func clock(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d)/float64(time.Millisecond))
}

func upper(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
