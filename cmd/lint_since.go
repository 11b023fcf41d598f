package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// changed are the lines of the working tree that a revision does not have, by file
// as findings name it. A nil set means the whole file.
type changed map[string]map[int]bool

// since asks git what changed after the revision: in commits, in the index and in
// files that are not committed. The whole checkout is asked about, since packages may
// lie outside the folder at hand.
func (s *IO) since(ctx context.Context, rev string) (changed, error) {
	commit, err := s.commit(ctx, rev)
	if err != nil {
		return nil, err
	}
	prefix, err := s.git(ctx, "rev-parse", "--show-cdup")
	if err != nil {
		return nil, failed(err, "")
	}
	top := strings.TrimSpace(string(prefix))
	diff, err := s.git(ctx, "diff", "--unified=0", "--no-color", "--no-ext-diff", "--find-renames", "--ignore-submodules", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/", commit)
	if err != nil {
		return nil, failed(fmt.Errorf("--new-from %s: %w", rev, err), "")
	}
	untracked, err := s.git(ctx, "ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", ":/")
	if err != nil {
		return nil, failed(err, "")
	}
	files := changed{}
	here, err := s.git(ctx, "rev-parse", "--show-prefix")
	if err != nil {
		return nil, failed(err, "")
	}
	from := strings.TrimSpace(string(here))
	for name, lines := range parseDiff(diff) {
		files[seenFrom(from, top, name)] = lines
	}
	for name := range strings.SplitSeq(string(untracked), "\x00") {
		if name != "" {
			files[seenFrom(from, top, name)] = nil
		}
	}
	return files, nil
}

// seenFrom names a file of the checkout as seen from the folder at hand, which is
// from below the top of the checkout, which is up from it.
func seenFrom(from, up, name string) string {
	if rest, ok := strings.CutPrefix(name, from); ok {
		return rest
	}
	return path.Clean(up + name)
}

// commit resolves the revision, and says why it can't be found.
func (s *IO) commit(ctx context.Context, rev string) (string, error) {
	if strings.HasPrefix(rev, "-") {
		return "", usage(fmt.Errorf("--new-from %s: not a revision", rev), "give a revision that git knows, in a git checkout")
	}
	out, err := s.git(ctx, "rev-parse", "--verify", rev+"^{commit}")
	if err == nil {
		return strings.TrimSpace(string(out)), nil
	}
	hint := "give a revision that git knows, in a git checkout"
	if shallow, failure := s.git(ctx, "rev-parse", "--is-shallow-repository"); failure == nil && strings.TrimSpace(string(shallow)) == "true" {
		hint = "this clone is shallow: fetch more history with git fetch --unshallow, or fetch-depth: 0 in actions/checkout"
	}
	return "", usage(fmt.Errorf("--new-from %s: %w", rev, err), hint)
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

// parseDiff reads the added lines out of a unified diff without context. Lines inside
// a hunk are counted, since an added line may look like a header.
func parseDiff(diff []byte) changed {
	files := changed{}
	var current map[int]bool
	inside := 0
	for line := range bytes.Lines(diff) {
		text := strings.TrimSuffix(string(line), "\n")
		switch {
		case inside > 0 && text != "" && (text[0] == '+' || text[0] == '-'):
			inside--
		case strings.HasPrefix(text, "+++ "):
			current = map[int]bool{}
			files[diffName(text[4:])] = current
		case strings.HasPrefix(text, "@@ ") && current != nil:
			removed, from, added := hunk(text)
			for i := range added {
				current[from+i] = true
			}
			inside = removed + added
		}
	}
	return files
}

// diffName is the name in a header, which git quotes when it has to.
func diffName(text string) string {
	text = strings.TrimRight(text, "\t")
	if name, err := strconv.Unquote(text); err == nil {
		text = name
	}
	return strings.TrimPrefix(text, "b/")
}

// maxHunk bounds the lines that a hunk may claim.
const maxHunk = 1 << 20

// hunk reads "@@ -1,2 +3,4 @@": how many lines go, and which come.
func hunk(line string) (removed, from, added int) {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return 0, 0, 0
	}
	_, removed = span(strings.TrimPrefix(fields[1], "-"))
	from, added = span(strings.TrimPrefix(fields[2], "+"))
	return removed, from, added
}

// span reads "3,4", and "3" as one line.
func span(text string) (from, count int) {
	first, n, several := strings.Cut(text, ",")
	from, _ = strconv.Atoi(first)
	if count = 1; several {
		count, _ = strconv.Atoi(n)
	}
	return from, min(max(count, 0), maxHunk)
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
