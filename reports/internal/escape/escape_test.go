package escape_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/reports/internal/escape"
)

func TestVisible(t *testing.T) {
	tests := map[string]string{
		"plain":                 "plain",
		"tab\tline\r\nend":      `tab\tline\r\nend`,
		"\x1b[31mred":           `\x1b[31mred`,
		"a\u202eb\u2066c":       `a\u202eb\u2066c`,
		"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"bad \xff byte":         `bad \xff byte`,
		"c1 \u009b31m":          `c1 \u009b31m`,
		"braille blank \u2800":  `braille blank \u2800`,
		"tag \U000e0041":        `tag \U000e0041`,
		"private \ue000":        `private \ue000`,
		"nbsp\u00a0here":        `nbsp\u00a0here`,
		"ünïcödé 漢字 עברית 🙂":    "ünïcödé 漢字 עברית 🙂",
	}
	for in, want := range tests {
		require.Equal(t, want, escape.Visible(in))
	}
}

func TestVisibleNeverLetsAnythingThrough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) + rapid.String().Draw(t, "text")
		out := escape.Visible(in)
		if !utf8.ValidString(out) {
			t.Fatalf("not UTF-8: %q", out)
		}
		for _, r := range out {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q shows %q", out, r)
			}
		}
	})
}

func TestJSONKeepsItsMeaning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "value")
		encoded, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		safe := escape.JSON(encoded)
		for _, r := range string(safe) {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q shows %q", safe, r)
			}
		}
		var out map[string]string
		if err := json.Unmarshal(safe, &out); err != nil {
			t.Fatal(err)
		}
		if len(out) != len(in) {
			t.Fatalf("%v became %v", in, out)
		}
		for key, value := range in {
			if out[key] != value {
				t.Fatalf("%q became %q", value, out[key])
			}
		}
	})
}

func TestCut(t *testing.T) {
	require.Equal(t, "short", escape.Cut("short", 5))
	require.Equal(t, "lon…", escape.Cut("longer", 4))
	require.Equal(t, "漢…", escape.Cut("漢字漢", 2))
	require.Empty(t, escape.Cut("x", 0))
}

func TestMarkdownAndCodeHoldNoMarkup(t *testing.T) {
	attack := "<b> | `x` [a](b) @user #1 https://x www.y *z* _q_ ~s~ $m$ \\ &amp;"
	require.Equal(t, "&lt;b&gt; \\| \\`x\\` \\[a\\](b) &#64;user &#35;1 https&#58;//x www&#46;y \\*z\\* \\_q\\_ \\~s\\~ \\$m\\$ \\\\ &amp;amp;", escape.Markdown(attack))
	code := escape.Code(attack)
	inner := strings.TrimSuffix(strings.TrimPrefix(code, "<code>"), "</code>")
	require.NotContains(t, inner, "<")
	for _, special := range "|`*_~@[]\\$" {
		require.NotContains(t, inner, string(special))
	}
}

func TestCellIsNoFormula(t *testing.T) {
	for _, in := range []string{"=1+1", "+1", "-1", "@SUM(A1)"} {
		require.Equal(t, "'"+in, escape.Cell(in))
	}
	require.Equal(t, `\t=1+1`, escape.Cell("\t=1+1"))
	require.Equal(t, "u00001", escape.Cell("u00001"))
}

func TestAnnotationStaysOneCommand(t *testing.T) {
	require.Equal(t, `100%25\n::error::x`, escape.Annotation("100%\n::error::x"))
	require.Equal(t, "a%3Ab%2Cc%25", escape.AnnotationProperty("a:b,c%"))
}
