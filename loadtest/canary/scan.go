package canary

import "bytes"

// Kind says what was found at one place of a frame.
type Kind uint8

// What a scan finds.
const (
	Valid     Kind = iota + 1 // a mark of this run with a true check
	Forged                    // a whole mark of this run with a false check
	OldRun                    // a whole mark of another run; its check can't be told
	Truncated                 // a mark that ends too early
	Corrupted                 // a mark of the right length with bytes that no mark has, or padding that is not as minted
	Tile                      // a piece of padding, without its mark: only Owner is known
)

var kindNames = [...]string{"", "valid", "forged", "old run", "truncated", "corrupted", "tile"}

// String names the kind in words.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k > 0 {
		return kindNames[k]
	}
	return "unknown"
}

// Match is one find. Proven means that the mark's check was true: always so for
// Valid, and for Truncated and Corrupted when only the padding behind the mark is
// damaged. Of a Truncated mark the fields whose characters are all there are set;
// OwnerKnown and SeqKnown say which. With SeqKnown only part of its check is
// missing, so what it names is unproven but hardly chance.
type Match struct {
	Mark
	Kind       Kind
	Proven     bool
	OwnerKnown bool
	SeqKnown   bool
	At, End    int // the bytes frame[At:End]
}

// Scanner finds marks in one frame after another without allocating. It belongs
// to one goroutine at a time.
type Scanner struct {
	key     *Key
	frame   []byte
	pos     int
	tileAt  int // next candidate for padding, -1 when there is none
	match   Match
	in, out [16]byte
}

// NewScanner returns a scanner for marks of the key's run.
func NewScanner(k *Key) *Scanner { return &Scanner{key: k} }

// Reset points the scanner at the start of frame, which it reads until the next
// Reset and never changes.
func (s *Scanner) Reset(frame []byte) {
	s.frame, s.pos = frame, 0
	s.tileAt = s.findTile(0)
}

// Next moves to the next find and reports whether there is one.
func (s *Scanner) Next() bool {
	for s.pos < len(s.frame) {
		i := bytes.IndexByte(s.frame[s.pos:], mark)
		if s.tileAt >= 0 && (i < 0 || s.tileAt < s.pos+i) {
			if s.nextTile() {
				return true
			}
			continue
		}
		if i < 0 {
			break
		}
		s.pos += i
		if s.markAt() {
			return true
		}
	}
	s.pos = len(s.frame)
	return false
}

// Match is the find that Next moved to.
func (s *Scanner) Match() Match { return s.match }

// markAt judges the '~' at s.pos and moves past what it found there.
func (s *Scanner) markAt() bool {
	text := s.frame[s.pos:]
	if !hasPrefix(text) {
		s.pos++
		return false
	}
	if len(text) < Len || text[suffixAt] != mark || !s.whole((*[Len]byte)(text)) {
		s.broken(text, leading(text[runAt:min(len(text), suffixAt)]))
		return true
	}
	s.pos += Len
	if s.match.Kind == Valid && s.match.Field == FieldFilled {
		s.checkFill()
	}
	s.skipTiles(s.pos)
	return true
}

// whole judges a mark that has all its characters, and reports false when some of
// them are none of the alphabet's.
func (s *Scanner) whole(text *[Len]byte) bool {
	var bad uint8 // of all digits together
	read := func(at, n int) (v uint64) {
		for _, c := range text[at : at+n] {
			d := digits[c]
			bad |= d
			v = v<<5 | uint64(d&31)
		}
		return v
	}
	run := uint32(read(runAt, runLen))
	m := Mark{
		Owner: uint32(read(ownerAt, ownerLen)), Stream: uint32(read(streamAt, streamLen)),
		Field: uint8(read(fieldAt, fieldLen)), Seq: read(seqAt, seqLen),
	}
	mac := read(macAt, macLen)
	if bad == invalid {
		return false
	}
	s.match = Match{Mark: m, Kind: Valid, OwnerKnown: true, SeqKnown: true, At: s.pos, End: s.pos + Len}
	switch {
	case run != s.key.run:
		s.match.Kind = OldRun
	case mac != s.key.sum(m, s.in[:], s.out[:]):
		s.match.Kind = Forged
	default:
		s.match.Proven = true
	}
	return true
}

// broken records a mark of which only the first n characters after the prefix
// are as they should be.
func (s *Scanner) broken(text []byte, n int) {
	s.match = Match{Kind: Truncated, At: s.pos, End: s.pos + runAt + n}
	if len(text) >= Len && text[suffixAt] == mark {
		s.match.Kind, s.match.End = Corrupted, s.pos+Len
	}
	ours := n >= runLen && uint32(number(text[runAt:ownerAt])) == s.key.run
	if ours && runAt+n >= streamAt {
		s.match.OwnerKnown = true
		s.match.Owner = uint32(number(text[ownerAt:streamAt]))
	}
	if ours && runAt+n >= macAt {
		s.match.SeqKnown = true
		s.match.Mark = decode(text)
	}
	s.pos = s.match.End
	s.skipTiles(s.pos)
}

func decode(text []byte) Mark {
	return Mark{
		Owner:  uint32(number(text[ownerAt:streamAt])),
		Stream: uint32(number(text[streamAt:fieldAt])),
		Field:  uint8(number(text[fieldAt:seqAt])),
		Seq:    number(text[seqAt:macAt]),
	}
}

// Scan finds everything in one frame. It allocates; a hot path keeps a Scanner.
func (k *Key) Scan(frame []byte) func(yield func(Match) bool) {
	return func(yield func(Match) bool) {
		s := NewScanner(k)
		s.Reset(frame)
		for s.Next() {
			if !yield(s.Match()) {
				return
			}
		}
	}
}
