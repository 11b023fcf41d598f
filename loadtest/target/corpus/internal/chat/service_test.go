package chat

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLobbyWaitsForWhatItBegan(t *testing.T) {
	l := NewLobby(t.Context())
	ended := false
	l.Go(func(ctx context.Context) {
		<-ctx.Done()
		ended = true
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	entered := make(chan struct{})
	served := false
	l.Serve(ln, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(entered)
		<-l.Context().Done()
		served = true
	}))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var asking sync.WaitGroup
	asking.Go(func() {
		if resp, err := client.Get("http://" + ln.Addr().String()); err == nil {
			_ = resp.Body.Close() // it was cut off or empty
		}
	})
	<-entered
	require.NoError(t, l.Stop())
	require.True(t, ended)
	require.True(t, served)
	asking.Wait()
	l.Go(func(context.Context) { t.Error("begun after the end") })
	require.False(t, l.enter(newPipe()))
	recorder := httptest.NewRecorder()
	l.counted(http.NotFoundHandler()).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, recorder.Code)
}

func TestLoopDoesOneThingAtATime(t *testing.T) {
	l := NewLobby(t.Context())
	p := NewLoop(l)
	var got []int
	for i := range 100 {
		p.Later(func() { got = append(got, i) })
	}
	p.Do(func() { require.Len(t, got, 100) })
	require.NoError(t, l.Stop())
	p.Do(func() { t.Error("done after the end") })
}

func TestEveryTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLobby(t.Context())
		n := 0
		Every(l, time.Second, func() { n++ })
		timer := time.NewTimer(5500 * time.Millisecond)
		<-timer.C
		require.NoError(t, l.Stop())
		require.Equal(t, 5, n)
	})
}

func TestStoreAnswersWithAChecksum(t *testing.T) {
	l := NewLobby(t.Context())
	s, err := NewStore(l)
	require.NoError(t, err)
	sums := map[string]bool{}
	for _, text := range []string{"one", "two\nlines", "two", strings.Repeat("long", 1<<18)} {
		sum := s.Append("alice", text)
		require.NotEmpty(t, sum)
		sums[sum] = true
	}
	require.Len(t, sums, 3, "what stands behind a line end is not logged")
	require.NoError(t, l.Stop())
	require.Empty(t, s.Append("alice", "late"))
	_, err = NewStore(l)
	require.Error(t, err)
}

func TestBackendAnswersInOrder(t *testing.T) {
	l := lobby(t)
	b, err := NewBackend(l)
	require.NoError(t, err)
	line, err := b.Dial()
	require.NoError(t, err)
	require.NoError(t, line.Ask("one"))
	require.NoError(t, line.Ask("two"))
	for _, want := range []string{"one", "two"} {
		answer, err := line.Answer()
		require.NoError(t, err)
		require.True(t, strings.HasSuffix(answer, " "+want), answer)
	}
	require.NoError(t, line.Close())
	_, err = line.Answer()
	require.Error(t, err)
}

func TestFaceNamesEveryNode(t *testing.T) {
	f := Face{Auth: "auth: {}", Ready: "ready: x", Emit: []string{"{http: {post: http://HOST2/a}}", "{ws: y}"}, More: []string{"revoke: {http: {post: http://HOST/b}}"}}
	require.Equal(t, `target: ws://h:1/ws
auth: {}
ready: x
emit:
  - {http: {post: http://h:2/a}}
  - {ws: y}
revoke: {http: {post: http://h:1/b}}
`, f.YAML("h:1", "h:2"))
}

func TestAuthBelievesOnlyWhatIsSigned(t *testing.T) {
	request := func(set func(r *http.Request)) *http.Request {
		r := httptest.NewRequest(http.MethodGet, "/ws?user=alice", nil)
		set(r)
		return r
	}
	tests := map[string]struct {
		auth *Auth
		set  func(r *http.Request)
		want string
	}{
		"query":                {ByQuery(), func(*http.Request) {}, "alice"},
		"query of nobody":      {ByQuery(), func(r *http.Request) { r.URL.RawQuery = "" }, ""},
		"thread":               {ByThread(), func(*http.Request) {}, "alice"},
		"header":               {ByHeader(), func(r *http.Request) { r.Header = http.Header{"X-User": {"bob"}, "X-Signature": {sign("bob")}} }, "bob"},
		"header, not signed":   {ByHeader(), func(r *http.Request) { r.Header = http.Header{"X-User": {"bob"}, "X-Signature": {sign("eve")}} }, ""},
		"subprotocol":          {BySubprotocol(), func(r *http.Request) { r.Header.Set("Sec-Websocket-Protocol", "chat.v1, a.b."+sign("a.b")) }, "a.b"},
		"subprotocol, no sign": {BySubprotocol(), func(r *http.Request) { r.Header.Set("Sec-Websocket-Protocol", "chat.v1, bob.x") }, ""},
		"token of nobody":      {ByToken(), func(r *http.Request) { r.URL.RawQuery = "token=x" }, ""},
		"no cookie":            {ByCookie(), func(*http.Request) {}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			user, err := test.auth.User(request(test.set))
			require.Equal(t, test.want, user)
			require.Equal(t, test.want == "", err != nil)
		})
	}
}

func TestRefusals(t *testing.T) {
	l := lobby(t)
	s := &Service{Lobby: l, Format: JSON, Auth: ByToken(), Hub: NewDirectory(JSON), Rooms: NewRooms(), Revoke: func(string) {}}
	h := s.Handler()
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"GET", "/ws", "", http.StatusUnauthorized},
		{"POST", "/login", `{}`, http.StatusBadRequest},
		{"POST", "/login", `{"user":"a"}`, http.StatusOK},
		{"POST", "/notify", `no`, http.StatusBadRequest},
		{"POST", "/notify", `{"user":"nobody","text":"x"}`, http.StatusNotFound},
		{"POST", "/publish", ``, http.StatusNotFound},
		{"PUT", "/users/nobody/events", `x`, http.StatusNotFound},
		{"PUT", "/users/nobody/events", strings.Repeat("x", maxMessage+1), http.StatusRequestEntityTooLarge},
		{"POST", "/revoke", `no`, http.StatusBadRequest},
		{"POST", "/revoke", `{"user":"a"}`, http.StatusNoContent},
		{"GET", "/notify", ``, http.StatusMethodNotAllowed},
	} {
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, httptest.NewRequest(test.method, test.path, io.NopCloser(strings.NewReader(test.body))))
		require.Equal(t, test.want, recorder.Code, "%s %s %.20s", test.method, test.path, test.body)
	}
}

// TestCommandsOfNobody drives the service without a hub of its own making.
func TestCommandsOfNobody(t *testing.T) {
	l := lobby(t)
	s := &Service{Lobby: l, Format: JSON, Auth: ByQuery(), Hub: NewDirectory(JSON), Rooms: NewRooms()}
	s.Handler()
	c, p := connect(t, l, JSON)
	steps := []struct {
		cmd  Command
		want string
	}{
		{Command{Verb: Login, User: "a"}, `{"type":"error","hint":"user or token is missing"}`},
		{Command{Verb: Login, User: "a", Token: "t"}, `{"type":"ready","from":"a"}`},
		{Command{Verb: Send, To: "b", Text: "x"}, `{"type":"error","hint":"nobody of that name is here"}`},
		{Command{Verb: "dance"}, `{"type":"error","hint":"unknown type"}`},
		{Command{Verb: Ask, ID: "7", Q: "why"}, `{"type":"reply","id":"7","text":"why"}`},
		{Command{Verb: Join, Room: "red"}, `{"type":"joined","room":"red"}`},
		{Command{Verb: Say, Room: "red", Text: "hi"}, `{"type":"room","from":"a","room":"red","text":"hi"}`},
		{Command{Verb: Leave, Room: "red"}, `{"type":"left","room":"red"}`},
		{Command{Verb: Logout}, `{"type":"bye"}`},
	}
	for _, step := range steps {
		s.obey(c, &step.cmd)
		require.Equal(t, step.want, p.next(t))
	}
	require.Empty(t, c.User())
}
