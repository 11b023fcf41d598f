package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// screen is a real terminal, drawn by tmux, with one command in it.
type screen struct {
	t      *testing.T
	socket string
	dir    string
}

// newScreen starts wsmig in a terminal of the given width. The test is skipped where
// tmux is absent, unless WSMIG_REQUIRE names it.
func newScreen(t *testing.T, width int, env, args string) *screen {
	t.Helper()
	if _, err := exec.LookPath("tmux"); err != nil {
		if slices.Contains(strings.Split(os.Getenv("WSMIG_REQUIRE"), ","), "tmux") {
			t.Fatal("WSMIG_REQUIRE=tmux, but there is none on the PATH")
		}
		t.Skip("no tmux on the PATH")
	}
	wsmig, err := exec.LookPath("wsmig")
	require.NoError(t, err)
	s := &screen{t: t, dir: t.TempDir()}
	s.socket = filepath.Join(s.dir, "tmux")
	conf := filepath.Join(s.dir, "tmux.conf")
	require.NoError(t, os.WriteFile(conf, []byte("set -g status off\n"), 0o600))
	command := "cd '" + s.dir + "' && env " + env + " '" + wsmig + "' " + args + "; echo $? >.exit && mv .exit exit; exec sleep 600"
	s.tmux(t.Context(), "-f", conf, "new-session", "-d", "-x", strconv.Itoa(width), "-y", "70", command)
	t.Cleanup(func() { s.tmux(context.Background(), "kill-server") })
	return s
}

func (s *screen) tmux(ctx context.Context, args ...string) string {
	s.t.Helper()
	cmd := exec.CommandContext(ctx, "tmux", append([]string{"-S", s.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LC_ALL=C.UTF-8", "TMUX=")
	out, err := cmd.CombinedOutput()
	require.NoError(s.t, err, "tmux %v: %s", args, out)
	return string(out)
}

// lines is what the screen shows, without empty lines; with colour the escapes stay.
func (s *screen) lines(color bool) []string {
	s.t.Helper()
	args := []string{"capture-pane", "-p"}
	if color {
		args = append(args, "-e")
	}
	var out []string
	for line := range strings.Lines(s.tmux(s.t.Context(), args...)) {
		if line = strings.TrimRight(line, " \n"); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// await looks at the screen until it shows what is wanted.
func (s *screen) await(what string, ok func(lines []string) bool) []string {
	s.t.Helper()
	for late := time.Now().Add(2 * time.Minute); ; <-time.After(20 * time.Millisecond) {
		lines := s.lines(false)
		if ok(lines) {
			return lines
		}
		require.False(s.t, time.Now().After(late), "no %s on the screen:\n%s", what, strings.Join(lines, "\n"))
	}
}

// ended reports whether the command is over.
func (s *screen) ended() bool {
	_, err := os.Stat(filepath.Join(s.dir, "exit"))
	return err == nil
}

// exit waits for the end of the command and returns its exit code.
func (s *screen) exit() int {
	s.t.Helper()
	s.await("end", func([]string) bool { return s.ended() })
	status, err := os.ReadFile(filepath.Join(s.dir, "exit"))
	require.NoError(s.t, err)
	code, err := strconv.Atoi(strings.TrimSpace(string(status)))
	require.NoError(s.t, err)
	return code
}

var moving = regexp.MustCompile(`\d leaks +\d+% \|`)

// watch follows a load test to its end and returns how many different progress lines
// were seen. The line is drawn over: there is never a second one.
func (s *screen) watch() int {
	s.t.Helper()
	seen := map[string]bool{}
	s.await("end", func(lines []string) bool {
		if len(lines) > 0 && moving.MatchString(lines[0]) {
			require.Len(s.t, lines, 1, "a progress line wrapped or stayed: %q", lines)
			seen[lines[0]] = true
		}
		return s.ended()
	})
	return len(seen)
}

func TestTerminalShowsARunAsOneLine(t *testing.T) {
	for _, width := range []int{80, 40} {
		t.Run(strconv.Itoa(width), func(t *testing.T) {
			s := newScreen(t, width, "X=", "loadtest --users 4 --duration 2s --out r")
			require.Greater(t, s.watch(), 1, "the line moves")
			require.NotEqual(t, 2, s.exit(), s.lines(false))
			lines := s.lines(false)
			require.Contains(t, strings.Join(lines, "\n"), "report: r")
			for _, line := range lines {
				require.False(t, moving.MatchString(line), "nothing of it is left: %q", line)
			}
		})
	}
}

// TestTerminalTellsTheVerdictInWords looks at the first and last lines of a run; on a
// machine that is too busy for a verdict the words are others.
func TestTerminalTellsTheVerdictInWords(t *testing.T) {
	s := newScreen(t, 80, "X=", "loadtest --users 10 --duration 3s --out r")
	word, ok := map[int]string{0: "PASS", 3: "INCONCLUSIVE"}[s.exit()]
	lines := s.lines(false)
	require.True(t, ok, lines)
	require.Equal(t, word, lines[0])
	require.Regexp(t, `^replay: wsmig loadtest --users 10 --duration 3s --seed \d+$`, lines[len(lines)-2])
	require.Equal(t, "report: r", lines[len(lines)-1])
	require.Contains(t, strings.Join(s.lines(true), "\n"), "\x1b[", "a terminal has colours")
}

func TestTerminalWithoutColour(t *testing.T) {
	for name, c := range map[string]struct{ env, flag string }{"NO_COLOR": {"NO_COLOR=1", ""}, "flag": {"X=", "--no-color "}, "dumb": {"TERM=dumb", ""}} {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t, 80, c.env, "loadtest "+c.flag+"--users 2 --duration 500ms --out r")
			s.exit()
			require.Contains(t, strings.Join(s.lines(false), "\n"), "replay: ")
			require.NotContains(t, strings.Join(s.lines(true), "\n"), "\x1b")
		})
	}
}

func TestTerminalInterrupted(t *testing.T) {
	s := newScreen(t, 80, "X=", "loadtest --users 4 --duration 60s --out r")
	s.await("progress line", func(lines []string) bool { return len(lines) > 0 && moving.MatchString(lines[0]) })
	s.tmux(t.Context(), "send-keys", "C-c")
	require.Equal(t, 130, s.exit())
	require.Contains(t, strings.Join(s.lines(false), " "), "interrupted")
	text, err := os.ReadFile(filepath.Join(s.dir, "r", "results.json"))
	require.NoError(t, err, "what is known by then is saved")
	require.Contains(t, string(text), "inconclusive")
}

func TestTerminalQuiet(t *testing.T) {
	s := newScreen(t, 80, "X=", "loadtest --quiet --users 2 --duration 500ms --out r")
	for _, line := range s.await("end", func([]string) bool {
		require.False(t, moving.MatchString(strings.Join(s.lines(false), "\n")))
		return s.ended()
	}) {
		require.NotContains(t, line, "report: ")
	}
}

// TestTerminalMistake: what is wrong, where and what to do stand on one line of a
// wide terminal, and the code is that of a mistake.
func TestTerminalMistake(t *testing.T) {
	s := newScreen(t, 120, "X=", "loadtest --usres 4")
	require.Equal(t, 2, s.exit())
	require.Equal(t, []string{"wsmig: unknown flag: --usres; did you mean --users?"}, s.lines(false))
}
