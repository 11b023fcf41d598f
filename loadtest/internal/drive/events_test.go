package drive_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

const (
	agentConfig = "expect: {events: agent}\n"
	roomConfig  = `emit:
  - {ws: '{"type":"send","to":"{{.user.id}}","text":"{{canary}}"}'}
  - {name: room, ws: '{"type":"room","text":"{{canary}}"}', audience: room, rooms: 2, join: {ws: '{"type":"join"}'}, leave: {ws: '{"type":"leave"}'}}
`
)

// push sends a run's events, given as "type run" words, to a user's newest
// connection.
func (s *starved) push(user string, events ...string) {
	s.set(func() {
		conns := s.conns[user]
		for _, e := range events {
			kind, run, _ := strings.Cut(e, " ")
			_ = conns[len(conns)-1].WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":%q,"data":{"run_id":%q,"tool_name":"t"}}`, kind, run))
		}
	})
}

// received waits until the first user has all that was sent.
func received(t *testing.T, d *drive.Driver) {
	t.Helper()
	say(t, d, plan.Emit, 0, 1)
	require.True(t, d.Fence(t.Context(), drive.DefaultPatience))
}

func noFaults(t *testing.T, d *drive.Driver, runs int) {
	t.Helper()
	require.True(t, d.EndEvents(t.Context()))
	p := d.Protocols()[0]
	require.Zero(t, p.Faults, p.Examples)
	require.EqualValues(t, runs, p.Runs)
}

func TestAServerMayDropEventsForAReaderThatIsStuck(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+agentConfig, 2, nil)
	received(t, d)
	s.push("u00001", "agent_started r1", "tool_executing r1")
	received(t, d)
	say(t, d, plan.Stall, 0, plan.None)
	s.push("u00001", "agent_started r2", "agent_started r3", "agent_completed r3", "tool_completed r4")
	say(t, d, plan.Heal, 0, plan.None)
	received(t, d)
	s.push("u00001", "agent_completed r2", "tool_completed r1", "agent_completed r5")
	received(t, d)
	noFaults(t, d, 3)
	s.push("u00001", "agent_started r6", "agent_completed r6", "progress r6")
	received(t, d)
	require.EqualValues(t, 1, d.Protocols()[0].Faults, "what was sent once the backlog was through is judged")
}

func TestEventsOfARoomThatWasLeftMayGoElsewhere(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+agentConfig+roomConfig, 2, nil)
	received(t, d)
	s.push("u00001", "agent_started r1", "agent_started r2")
	received(t, d)
	say(t, d, plan.Leave, 0, plan.None)
	s.push("u00001", "agent_started r3")
	received(t, d)
	say(t, d, plan.Join, 0, plan.None)
	s.push("u00001", "tool_completed r2", "agent_completed r2")
	received(t, d)
	noFaults(t, d, 3)
}

func TestARunMayHaveBegunBeforeItsReceiverWasRegistered(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+agentConfig, 2, nil)
	received(t, d)
	s.push("u00001", "progress r1", "tool_completed r1", "agent_completed r1")
	received(t, d)
	noFaults(t, d, 0)
	s.push("u00001", "agent_thinking r2", "agent_started r2", "agent_completed r2")
	received(t, d)
	require.Contains(t, d.Protocols()[0].Examples[0], `run "r2": agent_thinking: before agent_started`)
}

func TestAnotherUsersRunMayHaveTheSameName(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+agentConfig+"relogin: {ws: '{\"type\":\"login\",\"user\":\"{{.user.id}}\"}', ready: {contains: welcome}}", 3, nil)
	received(t, d)
	s.push("u00001", "agent_started r1", "agent_completed r1", "agent_started r2")
	received(t, d)
	say(t, d, plan.Relogin, 0, 1)
	s.push("u00002", "progress r1", "agent_completed r1", "agent_started r2", "agent_completed r2")
	say(t, d, plan.Emit, 1, 2)
	require.True(t, d.Fence(t.Context(), drive.DefaultPatience))
	noFaults(t, d, 3)
}

// A run that stands when all is over is the server's fault only if nothing more of it
// comes while other things do.
func TestARunThatNeverEndsIsCountedAtTheEnd(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+agentConfig, 2, nil)
	received(t, d)
	s.push("u00001", "agent_started r1", "agent_completed r1", "agent_started r2", "tool_executing r2")
	received(t, d)
	require.Zero(t, d.Protocols()[0].Faults, "it may still end")
	require.True(t, d.EndEvents(t.Context()))
	p := d.Protocols()[0]
	require.EqualValues(t, 1, p.Faults)
	require.Contains(t, p.Examples[0], `run "r2"`)
	require.Contains(t, p.Examples[0], "never ended")
}

func TestMoreRunsThanCanBeWatchedAreNoFault(t *testing.T) {
	s, config := starve(t)
	d := driver(t, config+agentConfig, 2, nil)
	received(t, d)
	for i := range 2100 {
		s.push("u00001", fmt.Sprintf("agent_started r%d", i))
	}
	received(t, d)
	s.push("u00001", "agent_completed r0", "agent_completed r7")
	received(t, d)
	require.True(t, d.EndEvents(t.Context()))
	p := d.Protocols()[0]
	require.True(t, p.Full)
	require.Zero(t, p.Faults, p.Examples)
}
