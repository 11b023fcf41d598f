package chart

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
)

func TestServersKeepTheirColours(t *testing.T) {
	require.Equal(t, []string{"ln bad", "ln good", "ln third", "ln bad", "ln fourth", "ln good"}, lineClasses([]bool{true, false, false, true, false, false}))
}

func TestSwatchesHaveTheShapeOfTheirMark(t *testing.T) {
	seen := map[string]bool{}
	for _, class := range []string{"ln bad", "own", "mark emit", "mark hit", "mark recv", "mark life"} {
		swatch := string(Key{Class: class}.Swatch())
		require.Contains(t, swatch, `aria-hidden="true"`)
		require.Contains(t, swatch, `class="`+class+`"`)
		shape := swatch[strings.Index(swatch, ` d="`):]
		require.False(t, seen[shape], "colour alone would tell %s from another", class)
		seen[shape] = true
	}
}

func TestOddNamesAreQuoted(t *testing.T) {
	require.Equal(t, `""`, user("", 10))
	require.Equal(t, `" a"`, user(" a", 10))
	require.Equal(t, "a b", user("a b", 10))
	require.Equal(t, `a\u202eb`, user("a\u202eb", 10))
	require.Equal(t, "abc…", user("abcdef", 4))
}

func TestLanesKeepThoseOfTheEvidence(t *testing.T) {
	first := &result.Evidence{Owner: "alice", Receiver: "bob", Connection: "c99"}
	var steps []result.Step
	for i := range 20 {
		steps = append(steps, result.Step{Kind: "recv", User: fmt.Sprintf("u%d", i), Connection: fmt.Sprintf("c%d", i)})
	}
	steps = append(steps, result.Step{Kind: "open", Connection: "c99"}, result.Step{Kind: "bind", Connection: "c99", User: "bob"}, result.Step{Kind: "emit", User: "alice"})
	lanes := lanesOf(steps, first)
	require.Len(t, lanes, lanesAtMost)
	require.Equal(t, []lane{{"c99", "bob"}, {"", "alice"}}, lanes[:2], "named as soon as somebody is bound")
	require.Equal(t, "c99 bob", lanes[0].title())
	require.Equal(t, "alice", lanes[1].title())
	require.True(t, lanes[0].holds(result.Step{Connection: "c99", User: "carol"}), "a socket stays one lane through a re-login")
	require.False(t, lanes[1].holds(result.Step{Connection: "c5", User: "alice"}))
}

func TestWindowsHaveZeroInThem(t *testing.T) {
	marks := around([2]float64{-32, 3})
	require.Equal(t, []float64{-10, -20, -30, 0}, marks)
	require.Contains(t, around([2]float64{-0.2, 40}), 0.0)
	w := span([]result.Step{{AtMS: 70}, {AtMS: 101}}, 100)
	require.Less(t, w[0], -30.0)
	require.Greater(t, w[1], 1.0)
	one := span([]result.Step{{AtMS: 100}}, 100)
	require.Less(t, one[0], one[1], "a single record is no window of zero width")
}

func TestEveryKindOfRecordHasAWord(t *testing.T) {
	for kind, want := range map[string]string{
		"open": "opens c1", "login": "logs in", "bind": "bound to bob", "unbind": "logged out", "revoke": "is revoked", "close": "closes c1",
		"join": "joins a room", "leave": "leaves a room", "fault": "fault", emitted: "emitted for alice", "overrun": "overrun",
	} {
		require.Equal(t, want, word(result.Step{Kind: kind, User: "bob", Owner: "alice", Connection: "c1"}))
	}
	require.Equal(t, "receives a frame", received(result.Step{Kind: "recv", User: "bob"}))
	require.Equal(t, "receives #3 for alice", received(result.Step{Kind: "recv", Owner: "alice", Seq: 3}))
	require.Equal(t, "receives for alice", received(result.Step{Kind: "recv", Owner: "alice"}))
}

func TestSequenceShowsAnEmissionThatUsedNoSocket(t *testing.T) {
	e := leak()
	e.Around = e.Around[:2]
	e.Around = append(e.Around, result.Step{AtMS: 100.6, Kind: "recv", User: "bob", Connection: "c2", Owner: "alice", Seq: 7})
	f := Sequence(e)
	require.Contains(t, f.Table.Rows, []string{"+0.00 ms", "", "", "emitted for alice"})
	require.Contains(t, string(f.SVG), "emitted for alice")
}

func TestSequencePrefersTheEventToTheNoiseAroundIt(t *testing.T) {
	e := leak()
	for i := range 30 {
		e.Around = append(e.Around, result.Step{AtMS: 100.5, Kind: "recv", User: "bob", Connection: "c2", Owner: "bob", Seq: uint64(50 + i)})
	}
	e.Around = append(e.Around, result.Step{AtMS: 100.1, Kind: "recv", User: "bob", Connection: "c2", Owner: "carol", Seq: 9})
	rows := Sequence(e).Table.Rows
	require.Len(t, rows, stepsAtMost)
	for _, want := range []string{"bound to alice", "bound to bob", "emits #7 for alice", "receives #9 for carol", "receives #7 for alice"} {
		found := false
		for _, row := range rows {
			found = found || row[3] == want
		}
		require.True(t, found, want)
	}
}

func TestAxesNameTheirEnds(t *testing.T) {
	m := &matrix{size: 1}
	for i := 1; i <= 30; i++ {
		m.names = append(m.names, userName(i))
	}
	m.cells = 30
	require.Equal(t, "u00007", m.label(6))
	m.size, m.cells = 4, 8
	require.Equal(t, "u00029 - u00030", m.label(7), "the last cell may hold fewer")
}

func TestCompactNumbers(t *testing.T) {
	require.Equal(t, []string{"0", "9999", "10k", "150k", "2M", "2.5M"}, []string{compact(0), compact(9999), compact(10_000), compact(150_000), compact(2e6), compact(2.5e6)})
}
