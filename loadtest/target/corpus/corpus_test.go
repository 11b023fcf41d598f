package corpus

import (
	"context"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/loadtest/internal/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryMechanismIsThereWithItsTwin(t *testing.T) {
	names, numbers := map[string]Server{}, map[string]bool{}
	for _, s := range All() {
		require.NotContains(t, names, s.Name)
		names[s.Name] = s
		if !s.Correct {
			numbers[s.Mechanism] = true
		}
	}
	for n := 1; n <= 28; n++ {
		require.True(t, numbers[fmt.Sprintf("M%02d", n)], n)
	}
	for _, s := range names {
		twin, err := Find(s.Twin)
		require.NoError(t, err)
		require.Equal(t, s.Name, twin.Twin)
		require.Equal(t, s.Mechanism, twin.Mechanism)
		require.NotEqual(t, s.Correct, twin.Correct)
		require.NotEqual(t, s.What, twin.What)
		require.Equal(t, s.Config("a:1", "b:2"), twin.Config("a:1", "b:2"), "a load test is told the same of both")
	}
	_, err := Find("m99")
	require.EqualError(t, err, `no server of the corpus is called "m99"`)
}

func TestConfigsAreWhatAnOutsiderWouldWrite(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			file := parse(t, s, "127.0.0.1:1001", "127.0.0.1:1002")
			require.Equal(t, "ws://127.0.0.1:1001/ws", file.Target[0])
			require.NotContains(t, s.Config("127.0.0.1:1001", "127.0.0.1:1002"), "HOST")
			require.NotNil(t, file.Ready)
			require.NotNil(t, file.Request)
			second := slices.ContainsFunc(file.Emit, func(e spec.Emit) bool { return e.HTTP != nil && e.HTTP.Post == "http://127.0.0.1:1002/notify" })
			require.Equal(t, s.Listeners == 2, second)
		})
	}
}

func TestMechanismsShowAndTwinsDoNot(t *testing.T) {
	for _, s := range All() {
		name := s.Name
		if s.Correct {
			name = s.Twin
		}
		play, ok := scenarios[name]
		require.True(t, ok, name)
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			w := open(t, s)
			rounds, shown := play.rounds, false
			if s.Correct {
				rounds = min(rounds, 5)
			}
			for round := 0; round < rounds && !shown; round++ {
				shown = play.run(w, round)
			}
			require.Equal(t, !s.Correct, shown)
		})
	}
	require.Len(t, scenarios, len(mechanisms))
}

func TestStopLeavesNothingBehind(t *testing.T) {
	for _, s := range All() {
		t.Run(s.Name, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			var listeners []net.Listener
			var addr []string
			for range s.Listeners {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				listeners, addr = append(listeners, ln), append(addr, ln.Addr().String())
			}
			ctx, cancel := context.WithCancel(t.Context())
			stop, err := s.Start(ctx, listeners...)
			require.NoError(t, err)
			w := &world{t: t}
			w.attach(s, addr)
			u := w.dial("alice-1")
			u.send("alice-1", "hello")
			require.True(t, u.sync())
			cancel()
			require.NoError(t, stop())
			require.NoError(t, stop())
			for ok := true; ok; {
				_, ok = u.read() // until the end
			}
			_, _, err = websocket.DefaultDialer.Dial("ws://"+addr[0]+"/ws", nil) //nolint:bodyclose // there is none
			require.Error(t, err)
			require.NoError(t, u.ws.Close())
		})
	}
}

func TestStartWantsItsListeners(t *testing.T) {
	for _, s := range []string{"m01-broadcast-by-default", "m28-wide-subscription"} {
		server, err := Find(s)
		require.NoError(t, err)
		_, err = server.Start(t.Context(), make([]net.Listener, 3)...)
		require.EqualError(t, err, fmt.Sprintf("3 listeners, want %d", server.Listeners))
	}
}
