package history

import (
	"slices"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
)

const maxShapes = 4096

// Trace is what one user saw in one run, with all that may differ between runs
// taken out: of a mark stays whose it was, of a word with a digit in it (an id, a
// time, a number) only that it was there. Two runs in which others do different
// things, but this user the same, must leave the same trace. A Trace belongs to
// one goroutine at a time.
type Trace struct {
	scan   *canary.Scanner
	self   uint32
	shapes map[string]int
	buf    []byte
}

// NewTrace begins the trace of a user under the run's key.
func NewTrace(k *canary.Key, self PrincipalID) *Trace {
	return &Trace{scan: canary.NewScanner(k), self: uint32(self), shapes: map[string]int{}}
}

// Add takes a frame that the user received. The trace keeps a bounded number of
// different shapes.
func (t *Trace) Add(w Wire, frame []byte) {
	t.buf = append(t.buf[:0], w.String()...)
	t.buf = append(t.buf, ' ')
	at := 0
	for t.scan.Reset(frame); t.scan.Next(); {
		m := t.scan.Match()
		t.buf = mask(t.buf, frame[at:m.At])
		if m.OwnerKnown && m.Owner == t.self {
			t.buf = append(t.buf, "<own>"...)
		} else {
			t.buf = append(t.buf, "<other>"...)
		}
		at = m.End
	}
	t.buf = mask(t.buf, frame[at:])
	if n := t.shapes[string(t.buf)]; n > 0 || len(t.shapes) < maxShapes {
		t.shapes[string(t.buf)] = n + 1
	}
}

// mask copies text with each word that has a digit replaced by '#'.
func mask(dst, text []byte) []byte {
	for i := 0; i < len(text); {
		j, digit := i, false
		for j < len(text) && wordByte(text[j]) {
			digit = digit || text[j] >= '0' && text[j] <= '9'
			j++
		}
		switch {
		case j == i:
			dst = append(dst, text[i])
			j++
		case digit:
			dst = append(dst, '#')
		default:
			dst = append(dst, text[i:j]...)
		}
		i = j
	}
	return dst
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_' || c == '.' || c == ':' || c == '+'
}

// Compare lists the shapes of frames that a user saw in one of two runs and never
// in the other, in order. How often he saw one is a matter of timing and not
// compared.
func Compare(a, b *Trace) (differ []string) {
	for _, pair := range [][2]*Trace{{a, b}, {b, a}} {
		for shape := range pair[0].shapes {
			if pair[1].shapes[shape] == 0 {
				differ = append(differ, shape)
			}
		}
	}
	slices.Sort(differ)
	return differ
}

// Interfered counts a difference between two traces of a user as X6 and keeps it
// as evidence; it reports whether there was one.
func (c *Checker) Interfered(user PrincipalID, at time.Duration, a, b *Trace) bool {
	differ := Compare(a, b)
	if len(differ) == 0 {
		return false
	}
	c.count(X6, 1)
	c.witness(Evidence{Code: X6, Owner: user, Receiver: user, At: at, Note: "only in one of two runs that differ in what others did: " + differ[0]})
	return true
}
