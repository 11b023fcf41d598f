package canary_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/loadtest/canary"
)

var (
	key   = canary.NewKey([16]byte{1, 2, 3})
	other = canary.NewKey([16]byte{9, 9, 9})
	one   = canary.Mark{Owner: 7, Stream: 12, Seq: 345, Field: canary.FieldMain}
)

func scan(frame string) []canary.Match {
	return slices.Collect(key.Scan([]byte(frame)))
}

func only(t *testing.T, frame string) canary.Match {
	t.Helper()
	found := scan(frame)
	require.Len(t, found, 1, "in %q", frame)
	return found[0]
}

func TestMintedMarkIsFoundWhereverItStands(t *testing.T) {
	text := key.Mint(one)
	require.Len(t, text, canary.Len)
	for _, frame := range []string{text, `{"text":"` + text + `"}`, "~~w1~" + text + "~", "\x00\xff" + text, strings.ToUpper(text)} {
		m := only(t, frame)
		require.Equal(t, canary.Valid, m.Kind)
		require.True(t, m.Proven)
		require.Equal(t, one, m.Mark)
	}
}

func TestMarkSurvivesJSON(t *testing.T) {
	text := key.Mint(one)
	encoded, err := json.Marshal(text)
	require.NoError(t, err)
	require.Equal(t, `"`+text+`"`, string(encoded))
}

func TestEveryMarkOfAFrameIsFound(t *testing.T) {
	two := canary.Mark{Owner: 8, Stream: 1, Seq: 1, Field: 3}
	found := scan(key.Mint(one) + key.Mint(two) + " x " + key.Mint(one))
	require.Len(t, found, 3)
	require.Equal(t, two, found[1].Mark)
}

func TestForeignRunIsOldNotForged(t *testing.T) {
	require.NotEqual(t, key.Run(), other.Run())
	require.Equal(t, canary.OldRun, only(t, other.Mint(one)).Kind)
}

func TestAnyChangedDigitIsForgedOrOld(t *testing.T) {
	text := key.Mint(one)
	for i := 4; i < canary.Len-1; i++ {
		broken := []byte(text)
		broken[i] = '0'
		if text[i] == '0' {
			broken[i] = '1'
		}
		want := canary.Forged
		if i < 8 {
			want = canary.OldRun
		}
		require.Equal(t, want, only(t, string(broken)).Kind, "digit %d", i)
	}
}

func TestCutMarkIsTruncatedAndTellsWhatItCan(t *testing.T) {
	text := key.Mint(one)
	for n := 4; n < canary.Len; n++ {
		for _, tail := range []string{"", `"}`, `"} and then a great deal more text follows`} {
			m := only(t, text[:n]+tail)
			require.Equal(t, canary.Truncated, m.Kind, "cut at %d, tail %q", n, tail)
			require.Equal(t, n >= 13, m.OwnerKnown, "cut at %d", n)
			require.Equal(t, n >= 26, m.SeqKnown, "cut at %d", n)
			if m.SeqKnown {
				require.Equal(t, one, m.Mark)
			}
		}
	}
}

func TestDamagedMarkIsCorrupted(t *testing.T) {
	text := []byte(key.Mint(one))
	text[20] = '!'
	require.Equal(t, canary.Corrupted, only(t, string(text)).Kind)
}

func TestAppendDoesNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = key.Append(buf[:0], one) }))
	require.Zero(t, testing.AllocsPerRun(100, func() { buf = key.AppendFill(buf[:0], one, 4000) }))
}

func TestScannerDoesNotAllocate(t *testing.T) {
	frame := []byte(`{"a":"` + key.Mint(one) + `","b":"` + string(key.AppendFill(nil, one, 500)) + `|"}`)
	s := canary.NewScanner(key)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		for s.Reset(frame); s.Next(); {
			_ = s.Match()
		}
	}))
}

func TestMarksRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := canary.Mark{
			Owner:  rapid.Uint32Range(0, canary.MaxOwner).Draw(t, "owner"),
			Stream: rapid.Uint32Range(0, canary.MaxStream).Draw(t, "stream"),
			Seq:    rapid.Uint64Range(0, canary.MaxSeq).Draw(t, "seq"),
			Field:  rapid.Uint8Range(0, 29).Draw(t, "field"),
		}
		before := strings.ReplaceAll(rapid.String().Draw(t, "before"), "~", "")
		found := scan(before + key.Mint(m) + rapid.String().Draw(t, "after"))
		require.NotEmpty(t, found)
		require.Equal(t, m, found[0].Mark)
		require.Equal(t, canary.Valid, found[0].Kind)
	})
}

func FuzzScan(f *testing.F) {
	f.Add([]byte(key.Mint(one)))
	f.Add([]byte(other.Mint(one)[:20]))
	f.Add(key.AppendFill(nil, one, 200))
	f.Add(key.AppendFill([]byte("|~w1.|"), one, 90)[:70])
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := bytes.Clone(frame)
		last := 0
		for m := range key.Scan(frame) {
			require.GreaterOrEqual(t, m.At, last)
			require.Greater(t, m.End, m.At)
			require.LessOrEqual(t, m.End, len(frame))
			last = m.End
			if m.Kind == canary.Valid && m.Field != canary.FieldFilled {
				require.Equal(t, key.Mint(m.Mark), strings.ToLower(string(frame[m.At:m.End])))
			}
		}
		require.Equal(t, before, frame)
	})
}

func BenchmarkAppend(b *testing.B) {
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = key.Append(buf[:0], one)
	}
}

func BenchmarkScan128(b *testing.B) {
	frame := []byte(`{"type":"message","from":"u00001","id":12345,"text":"` + key.Mint(one) + `","ts":"2026-01-02T03:04:05Z","room":""}`)
	s := canary.NewScanner(key)
	for b.Loop() {
		for s.Reset(frame); s.Next(); {
			_ = s.Match()
		}
	}
}

func BenchmarkScanFill64K(b *testing.B) {
	frame := key.AppendFill(nil, one, 64<<10)
	b.SetBytes(int64(len(frame)))
	s := canary.NewScanner(key)
	for b.Loop() {
		for s.Reset(frame); s.Next(); {
			_ = s.Match()
		}
	}
}
