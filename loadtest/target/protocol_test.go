package target_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/target"
)

// talker is one client that reads what it waits for.
type talker struct {
	t  *testing.T
	ws *websocket.Conn
}

func talk(t *testing.T, s target.Server, user string) *talker {
	t.Helper()
	ws, response, err := websocket.DefaultDialer.Dial(s.Info().URL+"?user="+user+"&device=d", nil)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	t.Cleanup(func() { _ = ws.Close() })
	c := &talker{t, ws}
	c.hears(`ready"`)
	return c
}

func (c *talker) says(text string) {
	c.t.Helper()
	require.NoError(c.t, c.ws.WriteMessage(websocket.TextMessage, []byte(text)))
}

// hears reads frames until one contains all the parts; a close counts by its
// reason.
func (c *talker) hears(parts ...string) string {
	c.t.Helper()
	require.NoError(c.t, c.ws.SetReadDeadline(time.Now().Add(time.Minute)))
	for {
		_, data, err := c.ws.ReadMessage()
		text := string(data)
		if closed, ok := err.(*websocket.CloseError); ok {
			text = closed.Text
		}
		missing := false
		for _, p := range parts {
			missing = missing || !strings.Contains(text, p)
		}
		if !missing {
			return text
		}
		require.NoError(c.t, err, "waiting for %q", parts)
	}
}

// hearsNothingOf reads until the mark and fails on a frame with the text before it.
func (c *talker) hearsNothingOf(text, mark string) {
	c.t.Helper()
	require.False(c.t, c.hearsBefore(text, mark), text)
}

// hearsBefore reads until the mark and reports whether a frame with the text came
// before it.
func (c *talker) hearsBefore(text, mark string) (heard bool) {
	c.t.Helper()
	require.NoError(c.t, c.ws.SetReadDeadline(time.Now().Add(time.Minute)))
	for {
		_, data, err := c.ws.ReadMessage()
		require.NoError(c.t, err)
		heard = heard || strings.Contains(string(data), text)
		if strings.Contains(string(data), mark) {
			return heard
		}
	}
}

func post(t *testing.T, s target.Server, path string, v any) int {
	t.Helper()
	data, err := json.Marshal(v)
	require.NoError(t, err)
	base := strings.TrimSuffix(strings.Replace(s.Info().URL, "ws://", "http://", 1), "/ws")
	response, err := http.Post(base+path, "application/json", bytes.NewReader(data))
	require.NoError(t, err)
	defer response.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	return response.StatusCode
}

// both runs a conversation with each of the built-in servers.
func both(t *testing.T, talk func(t *testing.T, s target.Server)) {
	for _, name := range []string{"singleton", "factory"} {
		t.Run(name, func(t *testing.T) { talk(t, start(t, name)) })
	}
}

func TestMessagesGoToWhoIsMeant(t *testing.T) {
	both(t, func(t *testing.T, s target.Server) {
		a, b := talk(t, s, "a"), talk(t, s, "b")
		a.says(`{"type":"send","to":"b","text":"hello"}`)
		b.hears(`"message"`, `"hello"`, `"from":"a"`)
		a.hears(`"sent"`)
	})
}

func TestRequestsAreAnsweredWithTheirID(t *testing.T) {
	both(t, func(t *testing.T, s target.Server) {
		a := talk(t, s, "a")
		a.says(`{"type":"request","id":"r-7","q":"what"}`)
		a.hears(`"reply"`, `"id":"r-7"`, `"q":"what"`)
	})
}

func TestRoomsReachTheirMembers(t *testing.T) {
	both(t, func(t *testing.T, s target.Server) {
		a, b, c := talk(t, s, "a"), talk(t, s, "b"), talk(t, s, "c")
		for _, member := range []*talker{a, b, c} {
			member.says(`{"type":"join","room":"r"}`)
			member.hears(`"joined"`)
		}
		c.says(`{"type":"leave","room":"r"}`)
		c.hears(`"left"`)
		a.says(`{"type":"room","room":"r","text":"news"}`)
		a.hears(`"room"`, `"news"`)
		b.hears(`"room"`, `"news"`)
		a.says(`{"type":"send","to":"c","text":"later"}`)
		c.hearsNothingOf("news", "later")
	})
}

func TestNotifyCarriesTheProfile(t *testing.T) {
	both(t, func(t *testing.T, s target.Server) {
		a := talk(t, s, "a")
		body := map[string]any{"user": "a", "text": "note", "profile": map[string]string{"email": "a@example.com"}}
		require.Equal(t, http.StatusNoContent, post(t, s, "/notify", body))
		a.hears(`"notify"`, `"note"`, `"a@example.com"`)
		require.Equal(t, http.StatusBadRequest, post(t, s, "/notify", "nonsense"))
	})
}

func TestLogoutIsAnsweredAndEndsTheStream(t *testing.T) {
	both(t, func(t *testing.T, s target.Server) {
		a := talk(t, s, "a")
		a.says(`{"type":"logout"}`)
		a.hears(`"bye"`)
	})
}

func TestWhatIsNotAMessageIsRefused(t *testing.T) {
	both(t, func(t *testing.T, s target.Server) {
		a := talk(t, s, "a")
		a.says(`{"type":"dance"}`)
		a.hears(`"error"`)
		response, err := http.Get(strings.Replace(s.Info().URL, "ws://", "http://", 1))
		require.NoError(t, err)
		defer response.Body.Close()
		http.DefaultClient.CloseIdleConnections()
		require.GreaterOrEqual(t, response.StatusCode, 400)
	})
}

func TestFactoryAsksWhoLogsInAgainToConnectAnew(t *testing.T) {
	s := start(t, "factory")
	a := talk(t, s, "a")
	a.says(`{"type":"login","user":"a"}`)
	a.hears(`ready"`)
	a.says(`{"type":"login","user":"b"}`)
	a.hears("connect as the new user")
}

func TestFactoryRevokesAtOnce(t *testing.T) {
	s := start(t, "factory")
	a := talk(t, s, "a")
	require.Equal(t, http.StatusNoContent, post(t, s, "/revoke", map[string]string{"user": "a"}))
	_, _, err := a.ws.ReadMessage()
	require.Error(t, err)
}

// The mechanisms that the singleton declares, one by one and without any load.

func TestSingletonGivesTheNewestConnectionEverything(t *testing.T) {
	s := start(t, "singleton")
	old, fresh, b := talk(t, s, "a"), talk(t, s, "a"), talk(t, s, "b")
	b.says(`{"type":"send","to":"a","text":"one"}`)
	fresh.hears("one")
	old.says(`{"type":"logout"}`)
	old.hearsNothingOf("one", `"bye"`)
}

func TestSingletonUnregistersTheSuccessor(t *testing.T) {
	s := start(t, "singleton")
	old, fresh, b := talk(t, s, "a"), talk(t, s, "a"), talk(t, s, "b")
	old.says(`{"type":"logout"}`)
	old.hears(`"bye"`)
	for try := range 1000 { // the old handler ends a moment after its bye
		text := fmt.Sprintf("try %d.", try)
		b.says(fmt.Sprintf(`{"type":"send","to":"a","text":%q}`, text))
		b.hears(`"sent"`)
		fresh.says(`{"type":"dance"}`)
		if !fresh.hearsBefore(text, "unknown type") {
			return
		}
	}
	t.Fatal("the successor kept getting everything")
}

func TestSingletonTakesIDsForEqual(t *testing.T) {
	s := start(t, "singleton")
	talk(t, s, "Alice")
	other, b := talk(t, s, "%20alice"), talk(t, s, "b")
	b.says(`{"type":"send","to":"Alice","text":"private"}`)
	other.hears("private")
}

func TestSingletonKeepsDeliveringAfterRevocationAndLogin(t *testing.T) {
	s := start(t, "singleton")
	a, b := talk(t, s, "a"), talk(t, s, "b")
	require.Equal(t, http.StatusNoContent, post(t, s, "/revoke", map[string]string{"user": "a"}))
	b.says(`{"type":"send","to":"a","text":"still"}`)
	a.hears("still")
	a.says(`{"type":"login","user":"c"}`)
	a.hears(`ready"`)
	b.says(`{"type":"send","to":"a","text":"for the former user"}`)
	a.hears("for the former user")
}
