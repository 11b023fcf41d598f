package history_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/loadtest/history"
)

func agent(kind, run, tool string) []byte {
	return fmt.Appendf(nil, `{"v":1,"type":%q,"data":{"run_id":%q,"tool_name":%q}}`, kind, run, tool)
}

// watch plays "type run tool" lines and returns the faults in words.
func watch(lines ...[3]string) (faults []string) {
	w := history.NewWatch(history.AgentEvents())
	for _, l := range lines {
		w.Frame(agent(l[0], l[1], l[2]))
	}
	for _, f := range w.End() {
		faults = append(faults, f.Error())
	}
	return faults
}

func TestAgentRunAsItShouldBe(t *testing.T) {
	require.Empty(t, watch(
		[3]string{"agent_started", "r1"}, [3]string{"agent_started", "r2"}, [3]string{"agent_thinking", "r1"},
		[3]string{"tool_executing", "r1", "search"}, [3]string{"tool_executing", "r1", "search"}, [3]string{"progress", "r2"},
		[3]string{"tool_completed", "r1", "search"}, [3]string{"tool_completed", "r1", "search"}, [3]string{"message", "r9"},
		[3]string{"agent_completed", "r1"}, [3]string{"agent_error", "r2"},
	))
}

func TestAgentRunsGoneWrong(t *testing.T) {
	for want, lines := range map[string][][3]string{
		`run "r": agent_thinking: before agent_started`:                  {{"agent_thinking", "r"}, {"agent_completed", "r"}},
		`run "r": agent_started: the run had begun already`:              {{"agent_started", "r"}, {"agent_started", "r"}, {"agent_completed", "r"}},
		`run "r": progress: the run had ended`:                           {{"agent_started", "r"}, {"agent_completed", "r"}, {"progress", "r"}},
		`run "r": agent_completed: tool_executing "a" was not completed`: {{"agent_started", "r"}, {"tool_executing", "r", "a"}, {"agent_completed", "r"}},
		`run "r": tool_completed: without tool_executing "b"`:            {{"agent_started", "r"}, {"tool_completed", "r", "b"}, {"agent_completed", "r"}},
		`run "r": it never ended`:                                        {{"agent_started", "r"}},
		`run "r": tool_completed: the run had ended`:                     {{"agent_started", "r"}, {"agent_error", "r"}, {"tool_completed", "r", "a"}},
	} {
		require.Equal(t, []string{want}, watch(lines...))
	}
}

func TestSequenceIsData(t *testing.T) {
	data, err := json.Marshal(history.AgentEvents())
	require.NoError(t, err)
	var back history.Sequence
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, history.AgentEvents(), &back)
}

func TestFramesThatAreNotOfTheProtocolArePassedOver(t *testing.T) {
	w := history.NewWatch(history.AgentEvents())
	for _, frame := range []string{"", "{", "7", `"agent_started"`, `{"type":7}`, `{"type":null}`, `[{"type":"agent_started"}]`, "\x00\xff"} {
		require.Empty(t, w.Frame([]byte(frame)), frame)
	}
	require.Empty(t, w.End())
}

// TestInterleavedRunsAreJudgedApart mixes correct runs at random: no fault. Then it
// drops one frame that a run can't do without: a fault of that run.
func TestInterleavedRunsAreJudgedApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		queues := make([][][]byte, rapid.IntRange(1, 4).Draw(t, "runs"))
		for i := range queues {
			run := fmt.Sprint("r", i)
			queues[i] = append(queues[i], agent("agent_started", run, ""))
			for n := range rapid.IntRange(0, 3).Draw(t, "tools") {
				queues[i] = append(queues[i], agent("tool_executing", run, fmt.Sprint("t", n)), agent("tool_completed", run, fmt.Sprint("t", n)))
			}
			queues[i] = append(queues[i], agent("agent_completed", run, ""))
		}
		var frames [][]byte
		for left := len(queues); left > 0; {
			i := rapid.IntRange(0, len(queues)-1).Draw(t, "next")
			if len(queues[i]) == 0 {
				left--
				queues = append(queues[:i], queues[i+1:]...)
				continue
			}
			frames = append(frames, queues[i][0])
			queues[i] = queues[i][1:]
		}
		drop := rapid.IntRange(0, len(frames)-1).Draw(t, "drop")
		whole, broken := history.NewWatch(history.AgentEvents()), history.NewWatch(history.AgentEvents())
		for i, f := range frames {
			whole.Frame(f)
			if i != drop {
				broken.Frame(f)
			}
		}
		require.Empty(t, whole.End())
		require.NotEmpty(t, broken.End())
	})
}

func FuzzWatch(f *testing.F) {
	f.Add([]byte(`{"type":"agent_started","data":{"run_id":"r"}}`))
	f.Add([]byte(`{"type":"tool_completed","data":[]}`))
	f.Fuzz(func(_ *testing.T, frame []byte) {
		w := history.NewWatch(history.AgentEvents())
		w.Frame(frame)
		w.Frame(frame)
		w.End()
	})
}
