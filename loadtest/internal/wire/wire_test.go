package wire

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
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

// serve runs a handler for one WebSocket and returns its address.
func serve(t testing.TB, compress bool, handle func(*websocket.Conn)) string {
	t.Helper()
	upgrader := websocket.Upgrader{EnableCompression: compress, Subprotocols: []string{"b"}, CheckOrigin: func(*http.Request) bool { return true }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Refuse") != "" {
			http.Error(w, "not you", http.StatusForbidden)
			return
		}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = conn.Close() }()
		handle(conn)
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

func dialer(raw bool) *Dialer {
	var d net.Dialer
	return &Dialer{Raw: raw, Dial: d.DialContext, Timeout: time.Minute}
}

func both(t *testing.T, test func(t *testing.T, d *Dialer)) {
	for name, raw := range map[string]bool{"gorilla": false, "raw": true} {
		t.Run(name, func(t *testing.T) { test(t, dialer(raw)) })
	}
}

func open(t testing.TB, d *Dialer, address string) Socket {
	t.Helper()
	s, err := d.Open(t.Context(), address, nil, nil)
	require.NoError(t, err)
	t.Cleanup(s.Kill)
	return s
}

func next(t testing.TB, s Socket) Frame {
	t.Helper()
	f, err := s.Next()
	require.NoError(t, err)
	return f
}

func echo(conn *websocket.Conn) {
	for {
		kind, data, err := conn.ReadMessage()
		if err != nil || conn.WriteMessage(kind, data) != nil {
			return
		}
	}
}

func TestMessagesOfEverySizePass(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		s := open(t, d, serve(t, false, echo))
		for _, n := range []int{0, 1, 125, 126, 127, 1023, 1024, 1025, 65535, 65536, 1 << 20} {
			for _, kind := range []Kind{Text, Binary} {
				data := bytes.Repeat([]byte("x"), n)
				require.NoError(t, s.Write(kind, data))
				f := next(t, s)
				require.Equal(t, kind, f.Kind)
				require.True(t, bytes.Equal(data, f.Data), "%d bytes", n)
				require.False(t, f.Cut)
			}
		}
	})
}

func TestPiecesArriveAsOneMessage(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		s := open(t, d, serve(t, false, echo))
		for _, size := range [][2]int{{3, 0}, {3, 1}, {1000, 7}} {
			require.NoError(t, s.WritePieces(Text, []byte("hello, pieces"), size[0], size[1]))
			f := next(t, s)
			if f.Kind == Pong {
				require.Equal(t, "between", string(f.Data))
				f = next(t, s)
			}
			require.Equal(t, "hello, pieces", string(f.Data))
		}
	})
}

func TestServersFragmentsAndControlFramesAreSeen(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		pong := make(chan string, 1)
		s := open(t, d, serve(t, false, func(conn *websocket.Conn) {
			conn.SetPongHandler(func(data string) error { pong <- data; return nil })
			raw := conn.NetConn()
			_, _ = raw.Write([]byte("\x01\x02ab\x89\x03png\x80\x02cd\x8a\x02po\x88\x08\x03\xe8reason"))
			_, _, _ = conn.ReadMessage()
		}))
		require.Equal(t, "png", string(firstControl(t, s, Ping).Data))
		require.Equal(t, "png", <-pong)
		require.Equal(t, "po", string(firstControl(t, s, Pong).Data))
		f := firstControl(t, s, Close)
		require.Equal(t, "reason", string(f.Data))
		require.Equal(t, 1000, f.Code)
		_, err := s.Next()
		require.Error(t, err)
	})
}

// firstControl reads up to a control frame; the engines differ in whether it
// comes before the message that it interrupted.
func firstControl(t *testing.T, s Socket, kind Kind) Frame {
	t.Helper()
	for {
		f := next(t, s)
		if f.Kind == kind {
			return f
		}
		require.NotEqual(t, Close, f.Kind)
		if f.Kind == Text {
			require.Equal(t, "abcd", string(f.Data))
		}
	}
}

func TestALongMessageIsCutAndTheNextOneIsWhole(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		d.MaxMessage = 5000
		s := open(t, d, serve(t, false, func(conn *websocket.Conn) {
			_ = conn.WriteMessage(websocket.TextMessage, bytes.Repeat([]byte("a"), 8<<20))
			_ = conn.WriteMessage(websocket.TextMessage, []byte("next"))
			echo(conn)
		}))
		f := next(t, s)
		require.True(t, f.Cut)
		require.GreaterOrEqual(t, len(f.Data), 5000)
		require.Less(t, len(f.Data), 20000)
		f = next(t, s)
		require.False(t, f.Cut)
		require.Equal(t, "next", string(f.Data))
	})
}

func TestKillIsAResetAndShutIsAClose(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		seen := make(chan error, 1)
		address := serve(t, false, func(conn *websocket.Conn) {
			_, _, err := conn.ReadMessage()
			seen <- err
		})
		open(t, d, address).Kill()
		err := <-seen
		require.Error(t, err)
		require.NotErrorIs(t, err, io.EOF, "a reset, not an orderly end")
		s := open(t, d, address)
		s.Shut(1000, time.Minute)
		require.True(t, websocket.IsCloseError(<-seen, 1000))
		require.Equal(t, Close, next(t, s).Kind)
	})
}

func TestShutDoesNotWaitForAPeerThatHangs(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		release := make(chan struct{})
		s := open(t, d, serve(t, false, func(*websocket.Conn) { <-release }))
		defer close(release)
		s.Shut(1000, time.Millisecond)
		_, err := s.Next()
		require.Error(t, err)
	})
}

func TestHandshakesThatFail(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		address := serve(t, false, echo)
		_, err := d.Open(t.Context(), address, http.Header{"X-Refuse": {"1"}}, nil)
		var refused *HandshakeError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, 403, refused.Status)
		require.Contains(t, err.Error(), "not you")
		_, err = d.Open(t.Context(), "ws://127.0.0.1:1/", nil, nil)
		require.Error(t, err)
		_, err = d.Open(t.Context(), "http://127.0.0.1:1/", nil, nil)
		require.ErrorContains(t, err, "not a WebSocket address")
	})
}

func TestGarbageAndSilenceEndTheHandshake(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { require.NoError(t, ln.Close()) }()
		done := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() {
			defer close(done)
			for _, answer := range []string{"garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", ""} {
				conn, err := ln.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Write([]byte(answer))
				if answer == "" {
					cancel()
				}
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}
		}()
		address := "ws://" + ln.Addr().String()
		_, err = d.Open(t.Context(), address, nil, nil)
		require.Error(t, err)
		_, err = d.Open(t.Context(), address, nil, nil)
		require.Error(t, err)
		_, err = d.Open(ctx, address, nil, nil)
		require.Error(t, err, "silence ends with the context")
		<-done
	})
}

func TestCancellingEndsAHandshakeThatIsNeverAnswered(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer func() { require.NoError(t, ln.Close()) }()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			conn, err := ln.Accept()
			if err == nil {
				_, _ = conn.Read(make([]byte, 1)) // the request has begun to arrive
				cancel()
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			}
		}()
		d.Timeout = time.Minute
		_, err = d.Open(ctx, "ws://"+ln.Addr().String()+"/", nil, nil)
		require.ErrorIs(t, err, context.Canceled)
	})
}

func TestSubprotocolsAndHeadersAreSent(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		got := make(chan string, 1)
		address := serve(t, false, func(conn *websocket.Conn) { got <- conn.Subprotocol() })
		s, err := d.Open(t.Context(), address, http.Header{"X-User": {"u1"}}, []string{"a", "b"})
		require.NoError(t, err)
		defer s.Kill()
		require.Equal(t, "b", <-got)
	})
}

func TestCompressionIsAgreedAndUsed(t *testing.T) {
	d := dialer(false)
	d.Compress = true
	s := open(t, d, serve(t, true, echo))
	require.True(t, s.Compressed())
	long := strings.Repeat("compress me ", 1000)
	require.NoError(t, s.Write(Text, []byte(long)))
	require.Equal(t, long, string(next(t, s).Data))
	require.False(t, open(t, d, serve(t, false, echo)).Compressed())
	require.False(t, open(t, dialer(true), serve(t, true, echo)).Compressed())
}

func TestFramesThatNoServerMaySendEndTheSocket(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		for _, bytes := range []string{"\x81\x81abcd", "\xc1\x00", "\x80\x00", "\x01\x00\x01\x00", "\x83\x00", "\x09\x01a", "\x89\x7e\x01\x00"} {
			s := open(t, d, serve(t, false, func(conn *websocket.Conn) {
				_, _ = conn.NetConn().Write([]byte(bytes))
				_, _, _ = conn.ReadMessage()
			}))
			_, err := s.Next()
			require.Error(t, err, "%q", bytes)
			s.Kill()
		}
	})
}

func TestAStreamThatEndsMidFrameIsAnError(t *testing.T) {
	both(t, func(t *testing.T, d *Dialer) {
		s := open(t, d, serve(t, false, func(conn *websocket.Conn) {
			_, _ = conn.NetConn().Write([]byte("\x81\x05ab"))
		}))
		_, err := s.Next()
		require.Error(t, err)
		require.NotErrorIs(t, err, io.EOF)
	})
}

// replay is a connection whose peer says the bytes given and hangs up.
type replay struct {
	net.Conn
	from *bytes.Reader
}

func (r *replay) Read(p []byte) (int, error)       { return r.from.Read(p[:min(len(p), 1+len(p)/3)]) }
func (r *replay) Write(p []byte) (int, error)      { return len(p), nil }
func (r *replay) SetWriteDeadline(time.Time) error { return nil }

func FuzzRawFrames(f *testing.F) {
	f.Add([]byte("\x81\x05hello\x01\x02ab\x89\x03png\x80\x02cd\x88\x02\x03\xe8"))
	f.Add(append([]byte("\x82\x7e\x01\x00"), make([]byte, 256)...))
	f.Add([]byte("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := &rawSocket{line: &line{conn: &replay{from: bytes.NewReader(data)}, limit: time.Second}, limit: 300, buf: make([]byte, 64)}
		seen := 0
		for {
			frame, err := s.Next()
			if err != nil {
				require.False(t, errors.Is(err, io.ErrNoProgress))
				return
			}
			seen += len(frame.Data)
			require.LessOrEqual(t, len(frame.Data), 300)
			require.LessOrEqual(t, seen, len(data))
		}
	})
}

func BenchmarkNext(b *testing.B) {
	frame := append([]byte{0x81, 126, 0, 128}, bytes.Repeat([]byte("x"), 128)...)
	block := bytes.Repeat(frame, 64)
	for name, raw := range map[string]bool{"gorilla": false, "raw": true} {
		b.Run(name, func(b *testing.B) {
			stop := make(chan struct{})
			address := serve(b, false, func(conn *websocket.Conn) {
				defer close(stop)
				for {
					if _, err := conn.NetConn().Write(block); err != nil {
						return
					}
				}
			})
			d := dialer(raw)
			d.ReadBuffer = 16 << 10
			s := open(b, d, address)
			for b.Loop() {
				if _, err := s.Next(); err != nil {
					b.Fatal(err)
				}
			}
			s.Kill()
			<-stop
		})
	}
}
