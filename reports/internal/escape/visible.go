// Package escape makes foreign text harmless in each output format. What a
// tested server sends, what a source file spells and what a path is called are
// hostile input: none of it may move the cursor, change the reading direction,
// end a table cell or start markup.
//
// All functions are pure and safe for concurrent use.
package escape

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible returns text on one line in which every rune that does not show as
// itself is spelled out: control characters (and so every ANSI sequence), line
// ends, direction marks, zero-width and private runes, and bytes that are not
// UTF-8. Backslashes stay, since paths and JSON have them; the result is for
// the eye and can't be decoded.
func Visible(text string) string {
	if isPlain(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + hex(uint32(text[i]), 2))
		case shows(r):
			b.WriteRune(r)
		default:
			b.WriteString(spelled(r))
		}
		i += size
	}
	return b.String()
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// shows reports whether a rune takes its own place on the page. Letters of
// right-to-left scripts do; the marks that override direction are of category
// Cf, as are joiners and other zero-width runes.
func shows(r rune) bool {
	return unicode.IsGraphic(r) && (r == ' ' || !unicode.Is(unicode.Zs, r)) && !blank(r)
}

// blank lists graphic runes that leave no ink or have their neighbours change.
func blank(r rune) bool {
	switch {
	case r == 0x115F, r == 0x1160, r == 0x3164, r == 0xFFA0, r == 0x2800:
		return true
	case r == 0x034F, r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF:
		return true
	}
	return false
}

func spelled(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < 0x80:
		return `\x` + hex(uint32(r), 2)
	case r < 0x10000:
		return `\u` + hex(uint32(r), 4)
	}
	return `\U` + hex(uint32(r), 8)
}

func hex(value uint32, width int) string {
	digits := strconv.FormatUint(uint64(value), 16)
	return strings.Repeat("0", max(0, width-len(digits))) + digits
}

// JSON spells the runes that encoding/json leaves raw although they don't show
// (direction marks, C1 controls, zero-width runes) as \u escapes. The input must
// be valid JSON, in which they only stand inside strings; its meaning does not
// change.
func JSON(encoded []byte) []byte {
	var out []byte
	last := 0
	for i := 0; i < len(encoded); {
		if encoded[i] < utf8.RuneSelf && encoded[i] != 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(encoded[i:])
		if !shows(r) {
			out = append(out, encoded[last:i]...)
			out = appendUTF16(out, r)
			last = i + size
		}
		i += size
	}
	if last == 0 {
		return encoded
	}
	return append(out, encoded[last:]...)
}

func appendUTF16(out []byte, r rune) []byte {
	if r < 0x10000 {
		return append(out, `\u`+hex(uint32(r), 4)...)
	}
	r -= 0x10000
	high, low := 0xD800+uint32(r>>10), 0xDC00+uint32(r&0x3FF)
	return append(out, `\u`+hex(high, 4)+`\u`+hex(low, 4)...)
}

// Cut shortens text to at most limit runes, the last of which is an ellipsis
// where something is missing.
func Cut(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	if limit < 1 {
		return ""
	}
	return string([]rune(text)[:limit-1]) + "…"
}
