package canary

import (
	"bytes"
	"encoding/binary"
)

// A tile is eight characters, '|', the owner and a keyed check of ten bits. The
// padding repeats it, so fifteen bytes taken anywhere hold a whole one, and
// comparing the padding with itself eight bytes on checks all of it at once.
const (
	tileMark = '|'
	tileLen  = 8
	tileSure = 15 // fewer bytes in step than this are taken for chance
	sizeLen  = 5  // base 32 digits that give the length of the padding
)

// MinFill is the size below which AppendFill has no room for padding.
const MinFill = Len + sizeLen + tileSure

// AppendFill mints m as FieldFilled and pads it to size bytes in all, or to
// MinFill if size is less. The padding says how long it is and, in every 16
// bytes of it, whose it is. It allocates only when dst lacks the room.
func (k *Key) AppendFill(dst []byte, m Mark, size int) []byte {
	pad := max(size, MinFill) - Len - sizeLen
	m.Field = FieldFilled
	dst = k.Append(dst, m)
	n := len(dst)
	dst = append(dst, blank...)
	check := k.tileCheck(m.Owner, dst[n:n+16], dst[n+16:n+32])
	putNumber(dst[n:n+sizeLen], uint64(pad))
	putTile(dst[n+sizeLen:], m.Owner, check)
	return repeat(dst[:n+sizeLen+tileLen], n+sizeLen, pad)
}

// repeat extends the eight bytes of dst from the given place on to pad bytes.
func repeat(dst []byte, from, pad int) []byte {
	for len(dst)-from < pad {
		have := len(dst) - from
		dst = append(dst, dst[from:from+min(have, pad-have)]...)
	}
	return dst[:from+pad]
}

func putTile(text []byte, owner uint32, check uint64) {
	text[0] = tileMark
	putNumber(text[1:6], uint64(owner))
	putNumber(text[6:tileLen], check)
}

func (k *Key) tileCheck(owner uint32, in, out []byte) uint64 {
	copy(in, "tiletiletile")
	binary.BigEndian.PutUint32(in[12:], owner)
	k.block.Encrypt(out, in)
	return uint64(binary.BigEndian.Uint16(out)) & 1023
}

// tileOwner reads the tile at the start of text.
func (s *Scanner) tileOwner(text []byte) (uint32, bool) {
	if len(text) < tileLen || text[0] != tileMark || leading(text[1:tileLen]) < tileLen-1 {
		return 0, false
	}
	owner := uint32(number(text[1:6]))
	return owner, number(text[6:tileLen]) == s.key.tileCheck(owner, s.in[:], s.out[:])
}

// checkFill follows a valid mark with FieldFilled: its padding must be there,
// whole, and the owner's.
func (s *Scanner) checkFill() {
	rest := s.frame[s.pos:]
	if len(rest) < sizeLen || leading(rest[:sizeLen]) < sizeLen {
		s.damage(len(rest) < sizeLen+2, 0)
		return
	}
	want := int(number(rest[:sizeLen]))
	pad := rest[sizeLen:]
	owner, ok := s.tileOwner(pad)
	if !ok || owner != s.match.Owner {
		s.damage(len(pad) < want, 0)
		return
	}
	have := inStep(pad[:min(want, len(pad))])
	if have < want {
		s.damage(len(pad) < want, sizeLen+have)
		return
	}
	s.pos += sizeLen + want
	s.match.End = s.pos
}

func (s *Scanner) damage(short bool, good int) {
	s.match.Kind = Corrupted
	if short {
		s.match.Kind = Truncated
	}
	s.pos += good
	s.match.End = s.pos
}

// inStep is the length of the longest start of text that repeats every tileLen
// bytes.
func inStep(text []byte) int {
	if len(text) <= tileLen || bytes.Equal(text[tileLen:], text[:len(text)-tileLen]) {
		return len(text)
	}
	for i := tileLen; i < len(text); i++ {
		if text[i] != text[i-tileLen] {
			return i
		}
	}
	return len(text)
}

func (s *Scanner) findTile(from int) int {
	i := bytes.IndexByte(s.frame[from:], tileMark)
	if i < 0 {
		return -1
	}
	return from + i
}

func (s *Scanner) skipTiles(to int) {
	if s.tileAt >= 0 && s.tileAt < to {
		s.tileAt = s.findTile(to)
	}
}

// nextTile judges the '|' at s.tileAt. What is in step around it is reported as
// one find, however long.
func (s *Scanner) nextTile() bool {
	at := s.tileAt
	owner, ok := s.tileOwner(s.frame[at:])
	if !ok {
		s.tileAt = s.findTile(at + 1)
		return false
	}
	start := at
	for start > s.pos && start+tileLen > at && s.frame[start-1] == s.frame[start-1+tileLen] {
		start--
	}
	end := at + inStep(s.frame[at:])
	if end-start < tileSure {
		s.tileAt = s.findTile(at + tileLen)
		return false
	}
	s.match = Match{Mark: Mark{Owner: owner}, Kind: Tile, OwnerKnown: true, At: start, End: end}
	s.pos = end
	s.tileAt = s.findTile(end)
	return true
}
