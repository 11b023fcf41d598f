package canary

// The layout of a mark: widths in characters, positions from its start.
const (
	prefix = "~w1."
	mark   = '~'

	runAt, runLen       = len(prefix), 4
	ownerAt, ownerLen   = runAt + runLen, 5
	streamAt, streamLen = ownerAt + ownerLen, 5
	fieldAt, fieldLen   = streamAt + streamLen, 1
	seqAt, seqLen       = fieldAt + fieldLen, 7
	macAt, macLen       = seqAt + seqLen, 9
	suffixAt            = macAt + macLen

	runBits = 5 * runLen
	macBits = 5 * macLen
)

// alphabet is Crockford's base 32: no i, l, o, u.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

const blank = "                                    "

const invalid = 0xff

var digits = makeDigits()

func makeDigits() (table [256]uint8) {
	for i := range table {
		table[i] = invalid
	}
	for i := range len(alphabet) {
		c := alphabet[i]
		table[c] = uint8(i)
		if c >= 'a' {
			table[c-'a'+'A'] = uint8(i)
		}
	}
	return table
}

func putMark(text []byte, run uint32, m Mark, mac uint64) {
	copy(text, prefix)
	putNumber(text[runAt:ownerAt], uint64(run))
	putNumber(text[ownerAt:streamAt], uint64(m.Owner))
	putNumber(text[streamAt:fieldAt], uint64(m.Stream))
	putNumber(text[fieldAt:seqAt], uint64(m.Field))
	putNumber(text[seqAt:macAt], m.Seq)
	putNumber(text[macAt:suffixAt], mac)
	text[suffixAt] = mark
}

func putNumber(text []byte, v uint64) {
	for i := len(text) - 1; i >= 0; i-- {
		text[i] = alphabet[v&31]
		v >>= 5
	}
}

// number reads base 32 digits that are known to be valid.
func number(text []byte) (v uint64) {
	for _, c := range text {
		v = v<<5 | uint64(digits[c]&31)
	}
	return v
}

// leading counts the valid digits at the start of text.
func leading(text []byte) int {
	for i, c := range text {
		if digits[c] == invalid {
			return i
		}
	}
	return len(text)
}

func hasPrefix(text []byte) bool {
	return len(text) >= len(prefix) && text[0] == mark && text[1]|0x20 == 'w' && text[2] == '1' && text[3] == '.'
}
