package loadtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
)

// Who describes how to resume would not think that the default never tries it.
func TestQuickSaysWhatElseTheConfigurationIsFitFor(t *testing.T) {
	file, err := ParseSpec("c", []byte(`{target: "ws://127.0.0.1:1/", resume: {query: {since: "{{.since}}"}, since: "n(.)"}, revoke: {http: {post: "http://127.0.0.1:1/"}}}`), nil)
	require.NoError(t, err)
	d, err := drive.New(&drive.Options{File: file, Users: []drive.User{{ID: "u1"}, {ID: "u2"}}, Key: canary.NewKey([16]byte{1}), Guard: guard.New(nil, nil)})
	require.NoError(t, err)
	mentioned := func(names []string, server *Server) (out []string) {
		settings, err := (&Config{Schedules: names}).settle(file)
		require.NoError(t, err)
		s := &session{settings: settings, server: server, driver: d}
		s.mention()
		for _, e := range s.budget.entries {
			require.NotEmpty(t, e.reason)
			out = append(out, e.schedule.Name)
		}
		return out
	}
	require.ElementsMatch(t, []string{"resume", "revoke"}, mentioned(nil, &Server{}))
	require.Empty(t, mentioned([]string{"spread"}, &Server{}))
	require.Empty(t, mentioned(nil, &Server{Strict: true}))
}
