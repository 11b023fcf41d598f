package drive

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/spec"
)

// What is sent must mean what was meant: an id that a protocol would take apart
// proves nothing about the server.
func TestOddIDsAreUsedOnlyWhereTheyArriveWhole(t *testing.T) {
	frame := func(text string) *spec.File { return &spec.File{Emit: spec.List[spec.Emit]{{WS: text}}} }
	tests := map[string]struct {
		file    *spec.File
		carried []string
		not     []string
	}{
		"json":            {frame(`{"to":"{{.user.id}}","x":"{{canary}}"}`), []string{"a b", `a"b`, "a/b"}, nil},
		"quoted":          {frame(`42["send","{{.user.id}}","{{canary}}"]`), []string{"a b", "a,b"}, nil},
		"words":           {frame("SEND {{.user.id}} {{canary}}"), []string{"alice", "José", "007", "a-b", "a.b"}, []string{"a b", "alice ", "a\tb", "%61", "a|b", "alice\u200b"}},
		"dotted":          {frame("user.{{.user.id}} {{canary}}"), []string{"a-b"}, []string{"a.b"}},
		"escaped by hand": {frame("SEND {{urlquery .user.id}} {{canary}}"), []string{"a b", "a|b"}, nil},
		"counted":         {frame("SEND {{len .user.id}}:{{.user.id}} {{canary}}"), []string{"a b", "a:b"}, nil},
		"path":            {&spec.File{Emit: spec.List[spec.Emit]{{HTTP: &spec.HTTP{Post: "http://h/u/{{.user.id}}", Body: "{{canary}}"}}}}, []string{"a b", "%61"}, []string{"a/b", "../alice", "..", `a\b`}},
		"target path":     {&spec.File{Target: spec.List[string]{"ws://h/u/{{.user.id}}"}, Emit: spec.List[spec.Emit]{{WS: "{{canary}}"}}}, []string{"a b", "%61"}, []string{"a/b", ".."}},
		"query":           {&spec.File{Emit: spec.List[spec.Emit]{{HTTP: &spec.HTTP{Post: "http://h/?u={{.user.id}}", Body: "{{canary}}"}}}}, []string{"a/b", "../alice"}, nil},
		"whole header":    {&spec.File{Auth: &spec.Auth{Header: map[string]string{"X-User": "{{.user.id}}"}}, Emit: spec.List[spec.Emit]{{WS: "{{canary}}"}}}, []string{"a b", "a,b"}, []string{"alice ", "straße"}},
		"encoded header":  {&spec.File{Auth: &spec.Auth{Header: map[string]string{"X-User": "{{urlquery .user.id}}"}}, Emit: spec.List[spec.Emit]{{WS: "{{canary}}"}}}, []string{"alice ", "straße"}, nil},
		"bearer":          {&spec.File{Auth: &spec.Auth{Header: map[string]string{"Authorization": "Bearer {{.user.id}}"}}, Emit: spec.List[spec.Emit]{{WS: "{{canary}}"}}}, []string{"ab"}, []string{"a b", "a,b"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := compile(test.file, newSet(), nil)
			require.NoError(t, err)
			for _, id := range test.carried {
				require.NoError(t, p.carries(id), id)
			}
			for _, id := range test.not {
				require.Error(t, p.carries(id), id)
			}
		})
	}
}
