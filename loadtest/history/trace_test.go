package history_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

func traced(frames ...string) *history.Trace {
	tr := history.NewTrace(key, 1)
	for _, f := range frames {
		tr.Add(history.Text, []byte(f))
	}
	return tr
}

func TestTracesDifferOnlyInWhatIsNotTiming(t *testing.T) {
	message := func(seq uint64, when string) string {
		return fmt.Sprintf(`{"type":"message","id":%d,"ts":%q,"text":%q}`, seq, when, key.Mint(canary.Mark{Owner: 1, Stream: 1, Seq: seq}))
	}
	a := traced(message(1, "2026-01-02T03:04:05Z"), message(2, "2026-01-02T03:04:06Z"))
	b := traced(message(7, "2027-11-12T13:14:15.5Z"))
	require.Empty(t, history.Compare(a, b))
	c := traced(message(1, "2026-01-02T03:04:05Z"), `{"type":"typing"}`)
	require.Equal(t, []string{`text {"type":"typing"}`}, history.Compare(a, c))
	d := traced(`{"text":"` + key.Mint(canary.Mark{Owner: 2, Stream: 2, Seq: 1}) + `"}`)
	require.Contains(t, history.Compare(a, d)[0], "<o")
}

func TestInterferenceIsCounted(t *testing.T) {
	w := newWorld(t, 2)
	require.False(t, w.c.Interfered(1, w.now, traced("a"), traced("a")))
	require.True(t, w.c.Interfered(1, w.now, traced("a"), traced("b")))
	r := w.c.Report(true)
	require.Equal(t, counts{"X6": 1}, r.Counts.Map())
	require.Equal(t, history.SessionIsolated, r.Level)
	require.Contains(t, w.c.Explain(&r.Evidence[0]), "two runs")
}

func TestTraceIsBounded(t *testing.T) {
	tr := history.NewTrace(key, 1)
	for i := range 10_000 {
		word := []byte(fmt.Sprint(i))
		for j := range word {
			word[j] += 'a' - '0'
		}
		tr.Add(history.Text, word)
	}
	require.Len(t, history.Compare(tr, traced()), 4096)
}
