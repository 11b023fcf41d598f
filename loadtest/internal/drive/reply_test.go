package drive

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
)

// A server that works at several questions at once answers them as they are done.
func TestOnlyAnswersThatCannotBeToldApartHaveAnOrder(t *testing.T) {
	for id, unordered := range map[string]bool{"": false, `"id":"{{.id}}"`: true} {
		file := &spec.File{
			Target: spec.List[string]{"ws://127.0.0.1:1/"}, Emit: spec.List[spec.Emit]{{WS: "{{canary}}"}},
			Request: &spec.Request{WS: `{"id":"{{.id}}","q":"{{canary}}"}`, ID: id},
		}
		d, err := New(&Options{File: file, Users: []User{{ID: "u1"}, {ID: "u2"}}, Key: canary.NewKey([16]byte{1}), Guard: guard.New(nil, nil)})
		require.NoError(t, err)
		s := &stream{key: laneKey{emitter: -1}}
		require.NoError(t, d.prepare(s))
		require.Equal(t, unordered, s.spec.Unordered)
	}
}
