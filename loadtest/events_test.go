package loadtest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
)

// agents serves users who ask an agent: each question is a run of its own, whose
// events are those given, in that order; the runs of a connection overlap.
func agents(t *testing.T, kinds ...string) string {
	t.Helper()
	var runs atomic.Uint64
	config, _ := serving(t, func(_ string, conn *websocket.Conn) {
		var all sync.WaitGroup
		defer all.Wait()
		var mu sync.Mutex
		for {
			_, frame, err := conn.ReadMessage()
			if err != nil {
				return
			}
			var in struct{ Ask string }
			if json.Unmarshal(frame, &in) != nil {
				continue
			}
			id := runs.Add(1)
			all.Go(func() {
				for _, kind := range kinds {
					text := ""
					if kind == "progress" {
						text = in.Ask
					}
					mu.Lock()
					_ = conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":%q,"data":{"run_id":"r%d","tool_name":"search","text":%q}}`, kind, id, text))
					mu.Unlock()
				}
			})
		}
	})
	return config + "\nemit: {ws: '{\"ask\":\"{{canary}}\"}', audience: reply}\nexpect: {order: none, events: agent}\n"
}

func asked(t *testing.T, config string) *result.Result {
	t.Helper()
	return run(t, config, func(c *loadtest.Config) { c.Schedules = []string{"spread", "churn", "multi-tab"} })
}

func TestAgentEventsInOrderPass(t *testing.T) {
	r := asked(t, agents(t, "agent_started", "agent_thinking", "tool_executing", "progress", "tool_completed", "agent_completed"))
	require.Equal(t, loadtest.ExitPass, r.ExitCode, r.Reason)
	require.Len(t, r.Runs[0].Protocols, 1)
	p := r.Runs[0].Protocols[0]
	require.Equal(t, "agent events", p.Name)
	require.Positive(t, p.Runs)
	require.Greater(t, p.Events, p.Runs)
	require.Zero(t, p.Faults)
	require.Empty(t, p.Examples)
}

func TestAgentEventsOutOfOrderAreAViolation(t *testing.T) {
	for want, kinds := range map[string]string{
		"agent_thinking: before agent_started":                       "agent_thinking agent_started progress agent_completed",
		`agent_completed: tool_executing "search" was not completed`: "agent_started tool_executing progress agent_completed tool_completed",
		`tool_completed: without tool_executing "search"`:            "agent_started tool_completed tool_executing progress agent_completed",
		"progress: the run had ended":                                "agent_started agent_completed progress",
	} {
		t.Run(want, func(t *testing.T) {
			r := asked(t, agents(t, strings.Fields(kinds)...))
			require.Equal(t, loadtest.ExitViolated, r.ExitCode, r.Reason)
			require.Equal(t, "session-isolated", strings.Replace(r.Runs[0].Level, "non-interfering", "session-isolated", 1), "order is no matter of isolation")
			require.Contains(t, strings.Join(r.Reason, " "), "agent events out of order")
			require.Contains(t, strings.Join(r.Runs[0].Protocols[0].Examples, "\n"), want)
		})
	}
}

func TestAgentRunsThatNeverEndAreAViolation(t *testing.T) {
	r := asked(t, agents(t, "agent_started", "progress"))
	require.Equal(t, loadtest.ExitViolated, r.ExitCode, r.Reason)
	require.Contains(t, strings.Join(r.Runs[0].Protocols[0].Examples, "\n"), "it never ended")
}

func TestAgentEventsThatNeverComeAreInconclusive(t *testing.T) {
	r := asked(t, agents(t, "message", "progress"))
	require.Equal(t, loadtest.ExitInconclusive, r.ExitCode, "their beginnings may have gone elsewhere: %s", r.Reason)
	require.Contains(t, strings.Join(r.Reason, " "), "no run of agent events was received")
	config := strings.Replace(agents(t, "progress"), "events: agent", "events: {first: begin, last: end, between: progress, run: $.job}", 1)
	r = asked(t, config)
	require.Equal(t, loadtest.ExitInconclusive, r.ExitCode, r.Reason)
	require.Contains(t, strings.Join(r.Reason, " "), "no run of events was received")
	require.Contains(t, strings.Join(r.Reason, " "), "without a value at the paths of run")
}
