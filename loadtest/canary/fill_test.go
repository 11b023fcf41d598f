package canary_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/canary"
)

func filled(owner uint32, size int) string {
	return string(key.AppendFill(nil, canary.Mark{Owner: owner, Stream: 3, Seq: 9}, size))
}

func TestFillHasTheSizeAskedForAndIsOneFind(t *testing.T) {
	for _, size := range []int{0, canary.MinFill, 57, 58, 100, 1000, 65536} {
		text := filled(7, size)
		require.Len(t, text, max(size, canary.MinFill))
		m := only(t, `{"text":"`+text+`"}`)
		require.Equal(t, canary.Valid, m.Kind)
		require.Equal(t, canary.FieldFilled, m.Field)
		require.Equal(t, uint32(7), m.Owner)
	}
}

func TestSixteenBytesOfPaddingNameTheOwner(t *testing.T) {
	text := filled(7, 400)
	for at := canary.Len + 5; at+16 <= len(text); at++ {
		m := only(t, "own text "+text[at:at+16]+`"}`)
		require.Equal(t, canary.Tile, m.Kind, "slice at %d", at)
		require.Equal(t, uint32(7), m.Owner)
	}
}

func TestTailOfALongerMessageIsFoundBehindAShorterOne(t *testing.T) {
	long, short := filled(8, 300), key.Mint(one)
	found := scan(short + long[len(short):])
	require.Len(t, found, 2)
	require.Equal(t, canary.Valid, found[0].Kind)
	require.Equal(t, canary.Tile, found[1].Kind)
	require.Equal(t, uint32(8), found[1].Owner)
}

func TestShortFilledOverLongFilledShowsBoth(t *testing.T) {
	long, short := filled(8, 300), filled(7, 100)
	found := scan(short + long[len(short):])
	require.Len(t, found, 2)
	require.Equal(t, uint32(7), found[0].Owner)
	require.Equal(t, canary.Valid, found[0].Kind)
	require.Equal(t, uint32(8), found[1].Owner)
}

func TestCutFillIsTruncatedButProven(t *testing.T) {
	text := filled(7, 300)
	for n := canary.Len; n < len(text); n++ {
		m := only(t, text[:n])
		require.Equal(t, canary.Truncated, m.Kind, "cut at %d", n)
		require.True(t, m.Proven)
		require.Equal(t, uint32(7), m.Owner)
	}
}

func TestOverwrittenFillIsCorruptedAndNamesTheIntruder(t *testing.T) {
	own, foreign := filled(7, 300), filled(8, 300)
	found := scan(own[:150] + foreign[150:200] + own[200:])
	require.GreaterOrEqual(t, len(found), 2)
	require.Equal(t, canary.Corrupted, found[0].Kind)
	require.True(t, found[0].Proven)
	require.Equal(t, uint32(8), found[1].Owner)
}

func TestOrdinaryBarsAreNotTiles(t *testing.T) {
	require.Empty(t, scan(strings.Repeat("| a | b | 0123456 |", 100)))
	require.Empty(t, scan(strings.Repeat("|0123456", 100)))
}
