package reports_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/mattn/go-runewidth"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/reports"
)

// TestHostileTextNeverReachesTheReader holds for every format: nothing that a
// server or a source file spells moves the cursor, turns the reading direction,
// hides, or starts another line.
func TestHostileTextNeverReachesTheReader(t *testing.T) {
	for _, r := range renderings {
		t.Run(r.name, func(t *testing.T) {
			out := text(t, r.hostile, nil)
			if strings.HasSuffix(r.name, ".xml") {
				out = strings.ReplaceAll(out, "\t", "")
			}
			requirePrintable(t, out)
			for line := range strings.Lines(out) {
				require.False(t, strings.HasPrefix(line, "::error::owned"), "a workflow command of the server's: %q", line)
			}
			switch filepath.Ext(r.name) {
			case ".md":
				requireNoMarkup(t, out)
			case ".html":
				requireOurMarkup(t, out)
			}
		})
	}
}

func requirePrintable(t *testing.T, out string) {
	t.Helper()
	for i, c := range out {
		require.True(t, c == '\n' || unicode.IsPrint(c), "%q at byte %d: ...%q", c, i, out[max(0, i-60):i])
	}
}

func requireNoMarkup(t *testing.T, out string) {
	t.Helper()
	for _, bad := range []string{"<script>alert", "<img src=x", "@octocat", "https://evil.example"} {
		require.False(t, strings.Contains(out, bad), bad)
	}
	require.False(t, link.MatchString(out), "a link of the server's")
}

// requireOurMarkup looks for anything that could run, load or navigate.
func requireOurMarkup(t *testing.T, out string) {
	t.Helper()
	require.Equal(t, 1, strings.Count(out, "<style>"))
	bare := quoted.ReplaceAllString(out, `""`)
	require.Empty(t, element.FindString(bare))
	require.Empty(t, handler.FindString(bare))
	for _, match := range address.FindAllStringSubmatch(out, -1) {
		require.True(t, strings.HasPrefix(match[2], "#") || match[2] == "data:,", match[0])
	}
	require.Empty(t, urlFunction.FindString(out))
}

var (
	address     = regexp.MustCompile(`(?i)\s(href|src|xlink:href|action)="([^"]*)"`)
	urlFunction = regexp.MustCompile(`(?i)url\(`)
	quoted      = regexp.MustCompile(`"[^"<>]*"`)
	element     = regexp.MustCompile(`(?i)<(script|img|iframe|object|embed|form|base|input)[\s>]`)
	handler     = regexp.MustCompile(`(?i)<[a-z][^>]*\son[a-z]+=`)
)

// link is a Markdown link whose bracket is not escaped.
var link = regexp.MustCompile(`[^\\]\]\(javascript:`)

func TestTablesFitTheTerminal(t *testing.T) {
	for _, width := range []int{40, 80, 120} {
		for _, r := range renderings {
			if !strings.HasSuffix(r.name, ".txt") || r.name == "lint.txt" {
				continue
			}
			for _, render := range []func() string{
				func() string { return text(t, r.render, &reports.Options{Width: width}) },
				func() string { return text(t, r.hostile, &reports.Options{Width: width}) },
			} {
				for line := range strings.Lines(render()) {
					if strings.HasPrefix(line, "replay: ") {
						continue
					}
					got := runewidth.StringWidth(strings.TrimSuffix(line, "\n"))
					require.LessOrEqual(t, got, max(width, 62), "%s at %d: %q", r.name, width, line)
				}
			}
		}
	}
}

func TestColourOnlyWhenAsked(t *testing.T) {
	for _, r := range renderings {
		plain := text(t, r.render, nil)
		require.NotContains(t, plain, "\x1b", r.name)
		coloured := text(t, r.render, &reports.Options{Color: true})
		if coloured == plain {
			continue
		}
		require.Equal(t, plain, ansi.Replace(coloured), "%s: colour changed more than colour", r.name)
	}
}

var ansi = strings.NewReplacer("\x1b[0m", "", "\x1b[1m", "", "\x1b[2m", "", "\x1b[1;31m", "", "\x1b[1;32m", "", "\x1b[1;33m", "", "\x1b[31m", "", "\x1b[32m", "", "\x1b[33m", "")

// TestRenderingsArePure renders everything twice and over a writer that fails.
func TestRenderingsArePure(t *testing.T) {
	for _, r := range renderings {
		require.Equal(t, text(t, r.render, nil), text(t, r.render, nil), r.name)
		require.ErrorIs(t, r.render(failing{}, nil), errDisk, r.name)
	}
}

var errDisk = errors.New("disk full")

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errDisk }
