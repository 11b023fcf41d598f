package guard

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func fixed(answers map[string]string, calls *int) Resolver {
	return func(_ context.Context, host string) ([]net.IPAddr, error) {
		*calls++
		var out []net.IPAddr
		for ip := range strings.FieldsSeq(answers[host]) {
			out = append(out, net.IPAddr{IP: net.ParseIP(ip)})
		}
		return out, nil
	}
}

func TestOnlyLoopbackUnlessNamed(t *testing.T) {
	calls := 0
	resolve := fixed(map[string]string{"home": "127.0.0.1 ::1", "away": "192.0.2.7", "mixed": "127.0.0.1 192.0.2.7", "nowhere": ""}, &calls)
	g := New([]string{"Named", "192.0.2.9"}, resolve)
	ctx := t.Context()
	for _, ok := range []string{"ws://127.0.0.1:80/ws", "http://[::1]/x", "ws://home/ws", "http://192.0.2.9/"} {
		require.NoError(t, g.Check(ctx, ok), ok)
	}
	for _, bad := range []string{"ws://192.0.2.7/", "ws://away/", "ws://mixed/", "http://0.0.0.0/", "http://[fe80::1]/"} {
		var refused *RefusedError
		require.ErrorAs(t, g.Check(ctx, bad), &refused, bad)
	}
	require.EqualError(t, g.Check(ctx, "ws://away/"), "away is 192.0.2.7, which is not this machine")
	require.EqualError(t, g.Check(ctx, "ws://192.0.2.7/"), "192.0.2.7 is not this machine")
	require.Error(t, g.Check(ctx, "ws://nowhere/"))
	require.Error(t, g.Check(ctx, "/path"))
	allowed := New([]string{"away"}, resolve)
	require.NoError(t, allowed.Check(ctx, "ws://AWAY/"))
}

func TestAHostIsResolvedOnce(t *testing.T) {
	calls := 0
	answers := map[string]string{"home": "127.0.0.1"}
	g := New(nil, fixed(answers, &calls))
	require.NoError(t, g.Check(t.Context(), "ws://home/"))
	answers["home"] = "192.0.2.7"
	require.NoError(t, g.Check(t.Context(), "ws://HOME/other"))
	require.Equal(t, 1, calls)
}

func TestFailedLookUpsAreNotPinned(t *testing.T) {
	fail := true
	g := New(nil, func(context.Context, string) ([]net.IPAddr, error) {
		if fail {
			return nil, errors.New("no such host")
		}
		return []net.IPAddr{{IP: net.IPv4(127, 0, 0, 1)}}, nil
	})
	require.Error(t, g.Check(t.Context(), "ws://home/"))
	fail = false
	require.NoError(t, g.Check(t.Context(), "ws://home/"))
}

func TestClientFollowsNoRedirectAway(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "http://192.0.2.7/secret", http.StatusFound)
		}
	}))
	defer server.Close()
	t.Setenv("HTTP_PROXY", "http://192.0.2.8:3128")
	client := New(nil, nil).Client(2, time.Minute)
	defer client.CloseIdleConnections()
	resp, err := client.Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	resp, err = client.Get(server.URL + "/away")
	if err == nil {
		require.NoError(t, resp.Body.Close())
	}
	var refused *RefusedError
	require.ErrorAs(t, err, &refused)
}

func TestDialTriesEachAddressAndShrinksTheWindow(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	calls := 0
	g := New(nil, fixed(map[string]string{"home": "::1 127.0.0.1"}, &calls))
	_, port, err := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, err)
	conn, err := g.DialSmall(t.Context(), "tcp", net.JoinHostPort("home", port))
	require.NoError(t, err)
	server, err := ln.Accept()
	require.NoError(t, err)
	sent := make(chan int)
	go func() {
		n, _ := server.Write(make([]byte, 64<<20))
		sent <- n
	}()
	require.NoError(t, server.SetWriteDeadline(time.Now().Add(200*time.Millisecond)))
	require.Less(t, <-sent, 32<<20, "the server felt the stopped reader")
	require.NoError(t, conn.Close())
	_, err = server.Read(make([]byte, 1))
	require.NotErrorIs(t, err, io.ErrNoProgress)
	require.NoError(t, server.Close())
	_, err = g.Dial(t.Context(), "tcp", "no port")
	require.Error(t, err)
}
