package page

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// themes reads the colours of the style sheet: light, dark, print.
func themes(t *testing.T) []map[string]string {
	t.Helper()
	var out []map[string]string
	for _, block := range regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(style, -1) {
		colours := map[string]string{}
		for _, pair := range regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6})`).FindAllStringSubmatch(block[1], -1) {
			colours[pair[1]] = pair[2]
		}
		out = append(out, colours)
	}
	require.Len(t, out, 3)
	return out
}

func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	require.Len(t, colour, 7)
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		require.NoError(t, err)
		c := float64(v) / 255
		if c <= 0.03928 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// TestColoursAreReadable holds the palette to WCAG AA without a browser: text to
// 4.5, shapes that carry meaning to 3.
func TestColoursAreReadable(t *testing.T) {
	for i, c := range themes(t) {
		for _, ink := range []string{"ink", "muted", "good", "bad", "unsure", "third", "fourth"} {
			require.GreaterOrEqual(t, contrast(t, c[ink], c["surface"]), 4.5, "theme %d: %s", i, ink)
		}
		for _, word := range []string{"good", "bad", "unsure"} {
			require.GreaterOrEqual(t, contrast(t, c[word], c[word+"-bg"]), 4.5, "theme %d: %s on its ground", i, word)
			require.GreaterOrEqual(t, contrast(t, c["ink"], c[word+"-bg"]), 4.5, "theme %d", i)
		}
		require.GreaterOrEqual(t, contrast(t, c["ink"], c["mark"]), 4.5, "theme %d", i)
		require.GreaterOrEqual(t, contrast(t, c["f4"], c["surface"]), 3.0, "theme %d", i)
		require.GreaterOrEqual(t, contrast(t, c["focus"], c["bg"]), 3.0, "theme %d", i)
	}
}

// TestShadesRise keeps the matrix legible: each shade stands out from the ground
// more than the one before, in either theme.
func TestShadesRise(t *testing.T) {
	for i, c := range themes(t) {
		last := 1.0
		for _, shade := range []string{"f1", "f2", "f3", "f4", "f5"} {
			now := contrast(t, c[shade], c["surface"])
			require.Greater(t, now, last*1.1, "theme %d: %s", i, shade)
			last = now
		}
	}
}

func TestThemesNameTheSameColours(t *testing.T) {
	list := themes(t)
	for name := range list[0] {
		require.Contains(t, list[1], name)
		require.Contains(t, list[2], name, "print")
	}
}

func TestStyleAsksForNothing(t *testing.T) {
	for _, bad := range []string{"url(", "@import", "http", "expression", "</"} {
		require.False(t, strings.Contains(style, bad), bad)
	}
}
