package frames

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo sends back what it reads.
func echo(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r)
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }() // it may be closed already
		send := func(kind int, data []byte) error {
			_, err := c.Write(append(Header(kind, len(data)), data...))
			return err
		}
		c.Answer = send
		for {
			kind, data, err := c.ReadMessage()
			if err != nil || send(kind, data) != nil {
				return
			}
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func dial(t *testing.T, server *httptest.Server) *websocket.Conn {
	t.Helper()
	ws, resp, err := websocket.DefaultDialer.Dial(strings.Replace(server.URL, "http", "ws", 1), nil)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	t.Cleanup(func() { _ = ws.Close() }) // most are closed by then
	require.NoError(t, ws.SetReadDeadline(time.Now().Add(time.Minute)))
	return ws
}

func TestMessagesOfEverySize(t *testing.T) {
	ws := dial(t, echo(t))
	for _, n := range []int{0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20} {
		want := bytes.Repeat([]byte{'x'}, n)
		require.NoError(t, ws.WriteMessage(websocket.BinaryMessage, want))
		kind, got, err := ws.ReadMessage()
		require.NoError(t, err)
		require.Equal(t, websocket.BinaryMessage, kind)
		require.True(t, bytes.Equal(want, got), n)
	}
}

func TestFragmentsPingsAndClose(t *testing.T) {
	ws := dial(t, echo(t))
	pongs := ""
	ws.SetPongHandler(func(text string) error { pongs += text; return nil })
	w, err := ws.NextWriter(websocket.TextMessage)
	require.NoError(t, err)
	part := strings.Repeat("part ", 2000)
	for range 3 {
		_, err = io.WriteString(w, part)
		require.NoError(t, err)
		require.NoError(t, ws.WriteControl(websocket.PingMessage, []byte("p"), time.Now().Add(time.Second)))
	}
	require.NoError(t, ws.WriteControl(websocket.PongMessage, []byte("unasked"), time.Now().Add(time.Second)))
	require.NoError(t, w.Close())
	_, got, err := ws.ReadMessage()
	require.NoError(t, err)
	require.Equal(t, strings.Repeat(part, 3), string(got))
	require.Equal(t, "ppp", pongs)
	closing := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "bye")
	require.NoError(t, ws.WriteControl(websocket.CloseMessage, closing, time.Now().Add(time.Second)))
	_, _, err = ws.ReadMessage()
	require.True(t, websocket.IsCloseError(err, websocket.CloseNormalClosure), err)
}

func TestAcceptRefusesOthers(t *testing.T) {
	server := echo(t)
	resp, err := http.Get(server.URL) //nolint:noctx // a loopback server of this test
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusUpgradeRequired, resp.StatusCode)
	recorder := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Upgrade", "websocket")
	r.Header.Set("Sec-Websocket-Key", "k")
	_, err = Accept(recorder, r)
	require.Error(t, err, "a recorder can't be hijacked")
	require.Equal(t, http.StatusInternalServerError, recorder.Code)
}

func read(data []byte) error {
	c := &Conn{in: bufio.NewReader(bytes.NewReader(data)), Answer: func(int, []byte) error { return nil }}
	for {
		if _, _, err := c.ReadMessage(); err != nil {
			return err
		}
	}
}

func TestReadRefusesWhatIsNoFrame(t *testing.T) {
	require.ErrorIs(t, read([]byte{0xf1, 0x80, 0, 0, 0, 0}), errProtocol, "reserved bits")
	require.ErrorIs(t, read([]byte{0x81, 0x01, 'x'}), errProtocol, "not masked")
	require.ErrorIs(t, read([]byte{0x82, 0xff, 0, 0, 0, 0, 0xff, 0, 0, 0}), errTooLong)
	require.ErrorIs(t, read([]byte{0x82, 0xfe, 0}), io.ErrUnexpectedEOF)
	require.ErrorIs(t, read([]byte{0x88, 0x80, 0, 0, 0, 0}), io.EOF)
	fragment := append([]byte{0x02, 0xff, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0}, make([]byte, 4<<20)...)
	require.ErrorIs(t, read(append(fragment, 0x80, 0x81, 0, 0, 0, 0, 'x')), errTooLong, "in fragments")
}

func FuzzRead(f *testing.F) {
	f.Add([]byte{0x81, 0x85, 1, 2, 3, 4, 'h', 'e', 'l', 'l', 'o'})
	f.Add([]byte{0x01, 0x80, 0, 0, 0, 0, 0x89, 0x80, 0, 0, 0, 0, 0x80, 0x80, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) { require.Error(t, read(data)) })
}
