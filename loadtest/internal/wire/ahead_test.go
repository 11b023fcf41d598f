package wire

import (
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
)

func TestFramesThatCameTogetherAreReadAtOnce(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		s := open(t, d, serve(t, false, func(conn *websocket.Conn) {
			for {
				if _, _, err := conn.ReadMessage(); err != nil {
					return
				}
				_, _ = conn.NetConn().Write([]byte("\x81\x01a\x81\x01b\x81\x01c"))
			}
		}))
		waits := 0
		s.(Waiter).OnWait(func() { waits++ })
		for range 3 {
			require.NoError(t, s.Write(Text, []byte("more")))
			before := waits
			first := next(t, s)
			require.Equal(t, "a", string(first.Data))
			require.False(t, first.Ahead)
			require.Greater(t, waits, before, "it had to wait for the first")
			before = waits
			for _, text := range []string{"b", "c"} {
				f := next(t, s)
				require.Equal(t, text, string(f.Data))
				require.True(t, f.Ahead)
			}
			require.Equal(t, before, waits)
		}
		s.Kill()
	})
}

func TestAConnectionOfTheCallersOwnNeverClaimsToBeAhead(t *testing.T) {
	address := serve(t, false, func(conn *websocket.Conn) {
		_, _ = conn.NetConn().Write([]byte("\x81\x01a\x81\x01b"))
		_, _, _ = conn.ReadMessage()
	})
	conn, resp, err := websocket.DefaultDialer.Dial(address, nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	s := Wrap(conn)
	require.NotImplements(t, (*Waiter)(nil), s)
	for range 2 {
		require.False(t, next(t, s).Ahead)
	}
	s.Kill()
}
