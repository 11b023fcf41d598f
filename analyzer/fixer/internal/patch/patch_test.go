package patch

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func git(t *testing.T, dir string, stdin string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %v: %s\n%s", args, out, stdin)
}

// TestGitApplies lets git itself judge the patch, from the top of a checkout and
// from a folder of it.
func TestGitApplies(t *testing.T) {
	long := strings.Repeat("line\n", 40)
	for _, dir := range []string{"", "examples/chat"} {
		t.Run("in "+dir, func(t *testing.T) {
			root := t.TempDir()
			git(t, root, "", "init", "-q")
			at := filepath.Join(root, filepath.FromSlash(dir))
			require.NoError(t, os.MkdirAll(filepath.Join(at, "sub dir"), 0o750))
			files := []File{
				{Path: filepath.Join(at, "changed.go"), Before: []byte("first\n" + long + "last"), After: []byte("1st\n" + long + "LAST")},
				{Path: filepath.Join(at, "alike.go"), Before: []byte(alike("x")), After: []byte("new\n" + strings.Replace(alike("x"), "x 20\n", "x 20\nmore\n", 1))},
				{Path: filepath.Join(at, "crlf.go"), Before: []byte("a\r\nb\r\n"), After: []byte("a\r\nB\r\n")},
				{Path: filepath.Join(at, "sub dir", "x.go"), Before: []byte("x\n"), After: []byte("y\n")},
				{Path: filepath.Join(at, "created.go"), After: []byte("new\n")},
				{Path: filepath.Join(at, "deleted.go"), Before: []byte("gone\n")},
				{Path: filepath.Join(at, "same.go"), Before: []byte("same\n"), After: []byte("same\n")},
			}
			for _, f := range files {
				if f.Before != nil {
					require.NoError(t, os.WriteFile(f.Path, f.Before, 0o600))
				}
			}
			var out bytes.Buffer
			require.NoError(t, Write(&out, at, files))
			require.NotContains(t, out.String(), "same.go")
			git(t, at, out.String(), "apply", "--check")
			git(t, at, out.String(), "apply")
			for _, f := range files {
				data, err := os.ReadFile(f.Path)
				if f.After == nil {
					require.ErrorIs(t, err, os.ErrNotExist)
					continue
				}
				require.NoError(t, err)
				require.Equal(t, string(f.After), string(data), f.Path)
			}
		})
	}
}

func alike(word string) string {
	var text strings.Builder
	for i := range 40 {
		text.WriteString(word + " " + strconv.Itoa(i) + "\n")
	}
	return text.String()
}

// TestHunksBeginWhereTheySay: among similar code git would apply a hunk elsewhere
// than meant.
func TestHunksBeginWhereTheySay(t *testing.T) {
	before := strings.Split(strings.TrimSuffix(alike("line"), "\n"), "\n")
	after := append([]string{"a", "b"}, before[:3]...)
	after = append(append(after, "c"), before[5:20]...) // joined with the change before
	after = append(append(after, "d", "e"), before[20:35]...)
	var out bytes.Buffer
	dir := t.TempDir()
	text := func(lines []string) []byte { return []byte(strings.Join(lines, "\n") + "\n") }
	require.NoError(t, Write(&out, dir, []File{{Path: filepath.Join(dir, "f"), Before: text(before), After: text(after)}}))
	hunks := 0
	for line := range strings.Lines(out.String()) {
		m := header().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		hunks++
		from, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		to, err := strconv.Atoi(m[3])
		require.NoError(t, err)
		_, body, _ := strings.Cut(out.String(), line)
		for old, now := from-1, to-1; body != "" && !strings.HasPrefix(body, "@@"); {
			var row string
			row, body, _ = strings.Cut(body, "\n")
			if row[0] != '+' {
				require.Equal(t, before[old], row[1:])
				old++
			}
			if row[0] != '-' {
				require.Equal(t, after[now], row[1:])
				now++
			}
		}
	}
	require.Greater(t, hunks, 1)
}

func TestNothingChangedIsNothingPrinted(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Write(&out, t.TempDir(), nil))
	require.Empty(t, out.String())
}
