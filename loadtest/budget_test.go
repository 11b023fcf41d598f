package loadtest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
)

// Who describes how to resume would not think that the default never tries it.
func TestQuickTriesWhatTheConfigurationWasMadeFitFor(t *testing.T) {
	file, err := ParseSpec("c", []byte(`{target: "ws://127.0.0.1:1/", resume: {query: {since: "{{.since}}"}, since: "n(.)"}, revoke: {http: {post: "http://127.0.0.1:1/"}}}`), nil)
	require.NoError(t, err)
	d, err := drive.New(&drive.Options{File: file, Users: []drive.User{{ID: "u1"}, {ID: "u2"}}, Key: canary.NewKey([16]byte{1}), Guard: guard.New(nil, nil)})
	require.NoError(t, err)
	further := func(names []string, server *Server) (out []string) {
		settings, err := (&Config{Schedules: names}).settle(file)
		require.NoError(t, err)
		s := &session{settings: settings, server: server, driver: d}
		for _, one := range s.configured()[len(settings.schedules):] {
			out = append(out, one.Name)
		}
		return out
	}
	require.Equal(t, []string{"resume", "revoke"}, further(nil, &Server{}))
	require.Empty(t, further([]string{"quick"}, &Server{}))
	require.Empty(t, further(nil, &Server{Strict: true}))
}
