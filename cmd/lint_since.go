package cmd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// changed are the lines of the working tree that a revision does not have, by file
// as findings name it. A nil set means the whole file.
type changed map[string]map[int]bool

// since asks git what changed after the revision.
func (s *IO) since(ctx context.Context, rev string) (changed, error) {
	diff, err := s.git(ctx, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--relative", "--src-prefix=a/", "--dst-prefix=b/", rev, "--", ".")
	if err != nil {
		return nil, usage(fmt.Errorf("--new-from %s: %w", rev, err), "give a revision that git knows, in a git checkout")
	}
	files := parseDiff(diff)
	untracked, err := s.git(ctx, "ls-files", "--others", "--exclude-standard", "-z")
	if err != nil {
		return nil, failed(err, "")
	}
	for name := range strings.SplitSeq(string(untracked), "\x00") {
		if name != "" {
			files[name] = nil
		}
	}
	return files, nil
}

func (s *IO) git(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.quotePath=false"}, args...)...)
	cmd.Dir, cmd.Env = s.Dir, s.Environ()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && stderr.Len() > 0 {
		line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return nil, errors.New(line)
	}
	return out, err
}

// parseDiff reads the added lines out of a unified diff without context.
func parseDiff(diff []byte) changed {
	files := changed{}
	var current map[int]bool
	lines := bufio.NewScanner(bytes.NewReader(diff))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "+++ "):
			name := strings.TrimPrefix(strings.TrimRight(line[4:], "\t"), "b/")
			current = map[int]bool{}
			files[name] = current
		case strings.HasPrefix(line, "@@ ") && current != nil:
			from, count := hunk(line)
			for i := range count {
				current[from+i] = true
			}
		}
	}
	return files
}

// maxHunk bounds the lines that a hunk may claim.
const maxHunk = 1 << 20

// hunk reads the new side of "@@ -1,2 +3,4 @@".
func hunk(line string) (from, count int) {
	_, rest, _ := strings.Cut(line, " +")
	spec, _, _ := strings.Cut(rest, " ")
	first, n, several := strings.Cut(spec, ",")
	from, _ = strconv.Atoi(first)
	if count = 1; several {
		count, _ = strconv.Atoi(n)
	}
	return from, min(count, maxHunk)
}

// keep drops the findings that do not touch a changed line.
func (c changed) keep(r *findings.Result) {
	r.Findings = slices.DeleteFunc(r.Findings, func(f findings.Finding) bool {
		lines, ok := c[f.File]
		if !ok {
			return true
		}
		if lines == nil {
			return false
		}
		for line := f.Line; line <= max(f.Line, f.EndLine); line++ {
			if lines[line] {
				return false
			}
		}
		return true
	})
}
