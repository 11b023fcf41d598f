package move

import (
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// sessionsPlan works out the move of one of the servers with melody.
func sessionsPlan(t *testing.T, name string, c change) (*Result, []Obstacle) {
	t.Helper()
	library, err := filepath.Abs(filepath.FromSlash("../testdata/melody"))
	require.NoError(t, err)
	needs := "require (\n\tgithub.com/gorilla/websocket v1.5.3\n\tgithub.com/olahol/melody v1.4.0\n)\n\nreplace github.com/olahol/melody => " + strconv.Quote(library) + "\n"
	return planArchived(t, "melody.txtar", name, needs, c)
}

// TestSessionsThatStay: what the runtime can't do as melody does is in the way, and
// the obstacle says what it is.
func TestSessionsThatStay(t *testing.T) {
	const asks, connected = "asked/asked.go", "\ts.Set(\"userID\", id)\n"
	for name, tc := range map[string]struct {
		server string
		change change
		want   string
	}{
		"told apart later":      {"asked", change{asks, "\t\t_ = s.Close()\n", "\t\ts.Set(\"userID\", string(text))\n"}, "who the user is, changes while the session lives"},
		"known only to a table": {"asked", change{asks, connected, "\ts.Set(\"userID\", names[id])\n}\n\nvar names = map[string]string{}\n\nfunc hello(s *melody.Session) {\n"}, "who the user is, is not known before the session is connected"},
		"waited for":            {"asked", change{asks, "\th.sessions.HandleRequest(w, r)\n", "\th.sessions.HandleRequest(w, r)\n\thub = nil\n"}, "something waits for the session to end"},
		"cleaned up":            {"asked", change{asks, "\th.sessions.HandleRequest(w, r)\n", "\tdefer func() { hub = nil }()\n\th.sessions.HandleRequest(w, r)\n"}, "something waits for the session to end"},
		"headers of its own":    {"asked", change{asks, "\th.sessions.HandleRequest(w, r)\n", "\tw.Header().Set(\"Set-Cookie\", \"seen=1\")\n\th.sessions.HandleRequest(w, r)\n"}, "the upgrade answers with headers of its own"},
		"a second Melody":       {"asked", change{asks, "var hub *Hub\n", "var hub *Hub\n\nvar other = melody.New()\n"}, "melody.New is called in 2 places"},
		"protocols":             {"asked", change{asks, "\t\tm.Config.MaxMessageSize = 4096\n", "\t\tm.Upgrader.Subprotocols = []string{\"chat\"}\n"}, "the Melody sets Upgrader.Subprotocols"},
		"hears of errors":       {"asked", change{asks, "\t\tm.HandleMessage(hub.message)\n", "\t\tm.HandleMessage(hub.message)\n\t\tm.HandleError(func(*melody.Session, error) {})\n"}, "the runtime has nothing like HandleError of melody"},
		"another type of id":    {"keys", change{"keys/keys.go", "map[string]any{\"user\": user}", "map[string]any{\"user\": int64(user)}"}, "the filter compares the user's int64 with a int"},
		"two ways to tell":      {"keys", change{"keys/keys.go", "id, ok := q.Get(\"user\")", "id, ok := q.Get(\"name\")"}, "sessions are told apart by"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, obstacles := sessionsPlan(t, tc.server, tc.change)
			require.Nil(t, result)
			require.NotEmpty(t, obstacles)
			require.Contains(t, obstacles[0].String(), tc.want)
		})
	}
}
