package runtime

import (
	"encoding/binary"
)

// Opcodes and bits of RFC 6455, section 5.2.
const (
	opText   byte = 1
	opBinary byte = 2
	opClose  byte = 8
	opPing   byte = 9
	opPong   byte = 10
	bitFin   byte = 0x80
	bitRSV1  byte = 0x40
	bitMask  byte = 0x80 // in the second byte
)

// maxControlPayload is the most that a ping, pong or close frame may carry.
const maxControlPayload = 125

// maxHeader is the longest header of an unmasked frame.
const maxHeader = 10

// Close codes of RFC 6455, section 7.4.1, and of the IANA registry.
const (
	closeNormal    = 1000
	closeGoingAway = 1001
	closeProtocol  = 1002
	closeInvalid   = 1007
	closePolicy    = 1008
	closeTooBig    = 1009
	closeInternal  = 1011
	closeRestart   = 1012
	closeTryAgain  = 1013
)

// putHeader writes the header of a frame with n bytes of payload so that it ends at end, and returns where it starts.
func putHeader(b []byte, end int, first byte, n int) int {
	switch {
	case n < 126:
		b[end-2], b[end-1] = first, byte(n)
		return end - 2
	case n < 1<<16:
		b[end-4], b[end-3] = first, 126
		binary.BigEndian.PutUint16(b[end-2:], uint16(n))
		return end - 4
	}
	b[end-10], b[end-9] = first, 127
	binary.BigEndian.PutUint64(b[end-8:], uint64(n))
	return end - 10
}

// controlFrame makes a whole frame without a mask, as servers send them; only for frames that are rare.
func controlFrame(op byte, payload []byte) []byte {
	b := make([]byte, maxHeader, maxHeader+len(payload))
	start := putHeader(b, maxHeader, bitFin|op, len(payload))
	return append(b, payload...)[start:]
}

func closeFrame(code int, reason string) []byte {
	if len(reason) > 123 {
		reason = truncateUTF8(reason, 123)
	}
	p := binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(reason)), uint16(code))
	return controlFrame(opClose, append(p, reason...))
}

func truncateUTF8(s string, n int) string {
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
