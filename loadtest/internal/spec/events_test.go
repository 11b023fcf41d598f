package spec

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
)

func TestEventsAreTheCheckersProtocols(t *testing.T) {
	f, err := Parse("f.yaml", []byte(`
expect:
  events:
    - agent
    - {run: $.id, first: open, last: [shut, fail], between: tick, pairs: {open: lock, close: unlock, by: [$.body.key, who]}}
`))
	require.NoError(t, err)
	require.Len(t, f.Expect.Events, 2)
	require.Equal(t, history.AgentEvents(), f.Expect.Events[0].Sequence())
	require.Equal(t, &history.Sequence{
		Name: "events", Type: "type", Run: []string{"id"}, First: "open", Last: []string{"shut", "fail"}, Between: []string{"tick"},
		Pairs: []history.Pair{{Open: "lock", Close: "unlock", By: []string{"body.key", "who"}}},
	}, f.Expect.Events[1].Sequence())
	_, err = Parse("f.yaml", []byte("expect: {events: agents}"))
	require.EqualError(t, err, `f.yaml:1:18: expect.events: "agents" is not agent and not a mapping with type, first, last, pairs`)
	_, err = Parse("f.yaml", []byte("expect: {events: {frist: a}}"))
	require.ErrorContains(t, err, "unknown key expect.events.frist; did you mean first?")
}
