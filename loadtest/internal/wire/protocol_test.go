package wire

import (
	"errors"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

// Both engines tell bytes that are no frames from connections that end.
func TestBytesThatAreNoFramesAreNamed(t *testing.T) {
	sent := map[string]struct {
		bytes    []byte
		protocol bool
	}{
		"opcode":       {[]byte{0x87, 0}, true},
		"reserved bit": {[]byte{0xf1, 1, 'x'}, true},
		"masked":       {[]byte{0x81, 0x81, 1, 2, 3, 4, 'x'}, true},
		"continuation": {[]byte{0x80, 1, 'x'}, true},
		"spliced":      {[]byte{0x01, 2, 'a', 'b', 0x81, 1, 'c'}, true},
		"long control": {[]byte{0x89, 126, 0, 200}, true},
		"cut off":      {[]byte{0x81, 9, 'a'}, false},
		"ended":        {nil, false},
		"close":        {[]byte{0x88, 2, 0x03, 0xe8}, false},
		"odd close":    {[]byte{0x88, 2, 0x00, 0x05}, false},
	}
	for name, one := range sent {
		for engine, raw := range map[string]bool{"gorilla": false, "raw": true} {
			t.Run(name+"/"+engine, func(t *testing.T) {
				address := serve(t, false, func(conn *websocket.Conn) { _, _ = conn.NetConn().Write(one.bytes) })
				s := open(t, dialer(raw), address)
				var err error
				for err == nil {
					_, err = s.Next()
				}
				require.Equal(t, one.protocol, errors.Is(err, ErrProtocol), "%v", err)
				s.Kill()
			})
		}
	}
}
