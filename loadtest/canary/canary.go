// Package canary mints and finds the marks that name the owner of a payload.
//
// A mark is 36 bytes of a case-insensitive alphabet that survives JSON, HTML and
// URL escaping:
//
//	~w1.rrrrooooosssssfqqqqqqqmmmmmmmmm~
//
// run (4 characters), owner (5), stream (5), field (1), sequence (7) and a keyed
// check (9), each in Crockford's base 32, between a prefix and a suffix. The check
// is one AES block over the other fields under the run's key, cut to 45 bits: a
// server that only copies bytes can't make a mark that was never minted, and a
// mark of another run is told from a false one.
//
// Marks are found by a byte scan of whatever arrived; no format is parsed. A
// payload can be padded to any size with Key.AppendFill, so that each slice of 16
// bytes of the padding names its owner too: that is how the tail of somebody
// else's longer message is found behind one's own.
package canary

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

// Len is the length of every mark in bytes.
const Len = 36

// Limits of what a mark can name.
const (
	MaxOwner  = 1<<25 - 1
	MaxStream = 1<<25 - 1
	MaxSeq    = 1<<35 - 1
)

// Fields with a meaning of their own; 1 to 29 are the user's named fields.
const (
	FieldMain     uint8 = 0  // the event itself
	FieldFilled   uint8 = 30 // the event itself, followed by padding (AppendFill)
	FieldIdentity uint8 = 31 // something that only shows who the owner is: a token, a display name
)

// Mark is what a canary says. Owner and Stream are indices that the run's plan
// gives a meaning; Seq counts 1, 2, 3... within the stream.
type Mark struct {
	Owner  uint32
	Stream uint32
	Seq    uint64
	Field  uint8
}

// Main reports whether the mark stands for the event itself, not for one of its
// fields.
func (m Mark) Main() bool { return m.Field == FieldMain || m.Field == FieldFilled }

// Key mints and checks the marks of one run. It is immutable and safe for
// concurrent use. Two processes with the same secret share a run.
type Key struct {
	block cipher.Block
	run   uint32
}

// NewKey derives a run from 16 secret bytes; take them from crypto/rand unless
// several processes must share the run.
func NewKey(secret [16]byte) *Key {
	block, err := aes.NewCipher(secret[:])
	if err != nil {
		panic(err) // only for a key of another length than 16, 24 or 32
	}
	k := &Key{block: block}
	var buf [32]byte
	copy(buf[:16], "wsmig run number")
	block.Encrypt(buf[16:], buf[:16])
	k.run = binary.BigEndian.Uint32(buf[16:]) & (1<<runBits - 1)
	return k
}

// Run is the run's number as it stands in every mark, 20 bits.
func (k *Key) Run() uint32 { return k.run }

// Append mints m at the end of dst and returns the longer slice. It allocates
// only when dst lacks room for Len more bytes. Values over the limits are cut to
// their low bits, so the plan must keep within them.
func (k *Key) Append(dst []byte, m Mark) []byte {
	n := len(dst)
	dst = append(dst, blank...)
	text := dst[n : n+Len]
	mac := k.sum(m, text[:16], text[16:32])
	putMark(text, k.run, m, mac)
	return dst
}

// Mint is Append for a caller that wants a string.
func (k *Key) Mint(m Mark) string { return string(k.Append(make([]byte, 0, Len), m)) }

// sum is the check of m, macBits wide. The two scratch blocks belong to the
// caller, since what is passed to a cipher.Block would otherwise be allocated.
func (k *Key) sum(m Mark, in, out []byte) uint64 {
	head := uint64(m.Owner&MaxOwner)<<30 | uint64(m.Stream&MaxStream)<<5 | uint64(m.Field&31)
	binary.BigEndian.PutUint64(in, head)
	binary.BigEndian.PutUint64(in[8:], m.Seq&MaxSeq)
	k.block.Encrypt(out, in)
	return binary.BigEndian.Uint64(out) >> (64 - macBits)
}
