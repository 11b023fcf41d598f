package fixer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/ledger"
)

// published is a hub that is handed to a package variable without an accessor, with
// a function beside its methods.
const published = `package ws

import (
	"sync/atomic"

	"github.com/gorilla/websocket"
)

type Hub struct{ rooms map[string]map[*websocket.Conn]bool }

var current atomic.Pointer[Hub]

func Publish(h *Hub) { current.Store(h) }

func (h *Hub) Tell(room, text string) {
	for c := range h.rooms[room] {
		c.WriteJSON(text)
	}
}

func Notify(room, text string) {
	h := current.Load()
	if h == nil {
		return
	}
	h.Tell(room, text)
}
`

// TestFunctionsBesideMethods: where nothing hands the manager out, functions get an
// emitter of their own, since that needs none. What a later run adds goes through the
// factory that the file has.
func TestFunctionsBesideMethods(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"go.mod":     "module example.com/m\n\ngo 1.24\n\nrequire " + gorilla + "\n",
		"go.sum":     sums(t, "github.com/gorilla/websocket"),
		"ws/hub.go":  published,
		"use/use.go": "package use\n\nimport \"example.com/m/ws\"\n\nfunc Run(room string) { ws.Notify(room, \"text\") }\n",
	})
	o := &Options{Dir: dir, Patterns: []string{"./..."}, Runtime: repository(t), Stage: ledger.Bind}
	plan, err := Run(t.Context(), o)
	require.NoError(t, err)
	for _, s := range plan.Ledger.Sites {
		require.NotEqual(t, ledger.Left, s.Status, "%s:%d %s\n%s", s.File, s.Line, s.Message, diffOf(t, plan))
	}
	require.NoError(t, plan.Write(t.Context()))
	goRun(t, dir, "vet", "./...")
	again, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.False(t, again.Changed(), "%s", diffOf(t, again))

	lay(t, dir, map[string]string{
		"ws/more.go":   "package ws\n\nfunc (h *Hub) Poke(room string, times int) {\n\tfor c := range h.rooms[room] {\n\t\tc.WriteJSON(times)\n\t}\n}\n\nfunc Shout(room string) {\n\th := current.Load()\n\th.Poke(room, 3)\n}\n",
		"use/again.go": "package use\n\nimport \"example.com/m/ws\"\n\nfunc Again(room string) { ws.Shout(room) }\n",
	})
	plan, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.NoError(t, plan.Write(t.Context()))
	goRun(t, dir, "vet", "./...")
	text, err := os.ReadFile(filepath.Join(dir, "ws", "hub_emitter.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), ") Poke(times int) {")
	require.Equal(t, 1, strings.Count(string(text), "func UseFactory"), "%s", text)
}
