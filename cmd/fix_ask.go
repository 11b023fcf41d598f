package cmd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer"
)

// checkClean refuses a module with changes of its own: nobody could tell them from
// what fix writes. Files that git does not know matter when they are to be changed;
// a folder without git never does.
func (s *IO) checkClean(ctx context.Context, plan *fixer.Plan) error {
	var known []string
	for _, name := range plan.Files() {
		if _, err := os.Stat(name); err == nil {
			known = append(known, name)
		}
	}
	first := s.gitStatus(ctx, plan.Root(), "--untracked-files=no", "--", ".")
	if first == "" && len(known) > 0 {
		first = s.gitStatus(ctx, plan.Root(), append([]string{"--untracked-files=all", "--"}, known...)...)
	}
	if first == "" {
		return ctx.Err()
	}
	return usage(fmt.Errorf("git has changes that are not committed: %s", first), "commit or stash them first, or give --force; --diff only looks")
}

// gitStatus is the first line of git status, "" when there is none, or no git.
func (s *IO) gitStatus(ctx context.Context, dir string, args ...string) string {
	git := exec.CommandContext(ctx, "git", append([]string{"status", "--porcelain"}, args...)...)
	git.Dir = dir
	git.Env = append(s.Environ(), "PWD="+dir)
	out, err := git.Output()
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return strings.TrimSpace(line)
}

// errStopped ends an interactive run at the user's word.
var errStopped = &exitError{code: codeFailed, err: errors.New("stopped"), hint: "nothing was written"}

// asker asks about each change on the terminal.
type asker struct {
	s    *IO
	in   *bufio.Reader
	all  bool
	none map[string]bool // singletons that the user wants left alone
	yes  map[string]bool
}

func newAsker(s *IO) *asker {
	return &asker{s: s, in: bufio.NewReader(s.In), none: map[string]bool{}, yes: map[string]bool{}}
}

// ask shows one change and reads the answer. The singleton's own answers hold for
// the rest of the run.
func (a *asker) ask(q fixer.Question) (bool, error) {
	switch {
	case a.all || a.yes[q.Singleton]:
		return true, nil
	case a.none[q.Singleton]:
		return false, nil
	}
	for {
		fmt.Fprintf(a.s.Err, "\n%s\n%s", q.Singleton, q.Diff)
		fmt.Fprint(a.s.Err, "Make this change? [y]es, [n]o, [s]ingleton: all of it, [d]on't touch this singleton, [a]ll of everything, [q]uit: ")
		line, err := a.in.ReadString('\n')
		switch answer := strings.ToLower(strings.TrimSpace(line)); {
		case err != nil || answer == "q":
			return false, errStopped
		case answer == "y":
			return true, nil
		case answer == "n":
			return false, nil
		case answer == "s":
			a.yes[q.Singleton] = true
			return true, nil
		case answer == "d":
			a.none[q.Singleton] = true
			return false, nil
		case answer == "a":
			a.all = true
			return true, nil
		}
	}
}
