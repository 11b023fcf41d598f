package history_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

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

// late plays "type run tool" lines to somebody who may have missed what came
// before, once more where a line is empty, and returns the faults in words.
func late(s *history.Sequence, lines ...[3]string) (faults []string) {
	w := history.NewWatch(s)
	w.Late()
	for _, l := range lines {
		if l == ([3]string{}) {
			w.Late()
			continue
		}
		w.Frame(agent(l[0], l[1], l[2]))
	}
	for _, f := range w.End() {
		faults = append(faults, f.Error())
	}
	return faults
}

func TestWhatMayHaveBeenMissedIsNoFault(t *testing.T) {
	runs, follow := history.AgentEvents(), history.AgentEvents()
	follow.Run = nil
	require.Empty(t, late(runs, [3]string{"progress", "r"}, [3]string{"tool_completed", "r", "a"}, [3]string{"agent_completed", "r"}))
	require.Empty(t, late(runs, [3]string{"agent_started", "r"}, [3]string{}, [3]string{"agent_started", "r"}, [3]string{"agent_completed", "r"}))
	require.Empty(t, late(runs, [3]string{"progress", "r"}, [3]string{}, [3]string{"agent_started", "r"}, [3]string{"agent_completed", "r"}))
	require.Empty(t, late(runs, [3]string{"agent_started", "r"}, [3]string{"agent_completed", "r"}, [3]string{}, [3]string{"progress", "r"}))
	require.Empty(t, late(follow, [3]string{"agent_completed"}, [3]string{"agent_started"}, [3]string{}, [3]string{"agent_started"}, [3]string{"agent_completed"}, [3]string{}, [3]string{"progress"}))
	require.Equal(t, []string{`run "r": progress: before agent_started`}, late(runs, [3]string{"progress", "r"}, [3]string{"agent_started", "r"}, [3]string{"agent_completed", "r"}))
	require.Equal(t, []string{`run "r": it never ended`}, late(runs, [3]string{"progress", "r"}, [3]string{}, [3]string{"agent_started", "r"}))
	require.Equal(t, []string{`run "r": agent_started: the run had ended`}, late(runs, [3]string{"agent_started", "r"}, [3]string{"agent_completed", "r"}, [3]string{"agent_started", "r"}))
}

func TestRunsOfAnotherUserAreOthers(t *testing.T) {
	w := history.NewWatch(history.AgentEvents())
	w.Frame(agent("agent_started", "r", ""))
	w.Frame(agent("agent_completed", "r", ""))
	w.Frame(agent("agent_started", "q", ""))
	w.Renew()
	require.Zero(t, w.Open())
	require.Empty(t, w.Frame(agent("agent_thinking", "r", "")))
	require.Empty(t, w.Frame(agent("agent_started", "q", "")))
	require.Equal(t, 1, w.Open())
}

func TestLongNumbersAreToldApart(t *testing.T) {
	w := history.NewWatch(history.AgentEvents())
	for _, id := range []string{"9007199254740993", "9007199254740992"} {
		require.Empty(t, w.Frame([]byte(`{"type":"agent_started","data":{"run_id":`+id+`}}`)))
	}
	require.Equal(t, 2, w.Open())
}

func TestEventsThatNameNoRunAreOnlyCounted(t *testing.T) {
	w := history.NewWatch(history.AgentEvents())
	require.Empty(t, w.Frame([]byte(`{"type":"progress","percent":3}`)))
	require.Empty(t, w.Frame([]byte(`{"type":"agent_started","data":{"run_id":null}}`)))
	require.EqualValues(t, 2, w.Unnamed())
	require.Empty(t, w.End())
	runs, events, _ := w.Counts()
	require.Zero(t, runs)
	require.Zero(t, events)
}

func TestOnlyRunsThatStandStillNeverEnded(t *testing.T) {
	w := history.NewWatch(history.AgentEvents())
	for at, l := range [][2]string{{"agent_started", "stuck"}, {"agent_started", "slow"}, {"agent_started", "done"}, {"progress", "slow"}, {"agent_completed", "done"}, {"agent_started", "new"}} {
		w.FrameAt(agent(l[0], l[1], ""), time.Duration(at))
	}
	require.Equal(t, []history.SequenceFault{{Run: `"stuck"`, What: "it never ended"}}, w.EndSince(3))
	require.EqualValues(t, 2, w.Pause())
	require.Equal(t, 3, w.Open())
}

func TestAWatchIsBounded(t *testing.T) {
	many := func(kind string, runs, tools int) *history.Watch {
		w := history.NewWatch(history.AgentEvents())
		w.Late()
		for i := range 10000 {
			w.Frame(agent(kind, fmt.Sprint("r", i%runs), fmt.Sprint("t", i%tools)))
		}
		return w
	}
	w := many("agent_started", 10000, 1)
	require.True(t, w.Full())
	require.Zero(t, w.Open())
	require.Empty(t, w.End())
	require.True(t, many("tool_executing", 1, 10000).Full())
	require.False(t, many("progress", 10000, 1).Full(), "runs that may have ended elsewhere make room")

	w = history.NewWatch(history.AgentEvents())
	long := strings.Repeat("x", 1000)
	w.Frame(agent("agent_started", long+"1", ""))
	w.Frame(agent("agent_started", long+"2", ""))
	require.Equal(t, 2, w.Open(), "long names are told apart")
	for _, f := range w.End() {
		require.Less(t, len(f.Error()), 100)
	}
}
