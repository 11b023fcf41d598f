package fixer

import (
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// TestLintAndFixAgree: what lint calls fixable, a run of fix binds; what it does
// not, with its reason, fix leaves or keeps.
func TestLintAndFixAgree(t *testing.T) {
	mixed := t.TempDir()
	lay(t, mixed, map[string]string{"go.sum": sums(t, "github.com/gorilla/websocket")})
	require.NoError(t, os.CopyFS(mixed, os.DirFS(filepath.FromSlash("testdata/mixed"))))
	for name, dir := range map[string]string{"legacychat": example(t), "mixed": mixed} {
		t.Run(name, func(t *testing.T) {
			found, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}, Fixable: Fixable})
			require.NoError(t, err)
			require.Empty(t, found.Stats.PackagesFailed)
			plan, err := Run(t.Context(), &Options{Dir: dir, Patterns: []string{"./..."}, Plain: true})
			require.NoError(t, err)
			fixed := map[string]bool{}
			for _, s := range plan.Ledger.Sites {
				fixed[fmt.Sprintf("%s:%d:%d", s.File, s.Line, s.Column)] = s.Status == ledger.Fixed
			}
			fixable := 0
			for _, f := range found.Findings {
				at := fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
				if f.Fixable {
					fixable++
					require.Empty(t, f.Reason, at)
				} else {
					require.NotEmpty(t, f.Reason, at)
				}
				if _, addressed := bind.KindOf(f.Role); addressed || f.Fixable {
					require.Equal(t, fixed[at], f.Fixable, "%s: %s %s", at, f.Message, f.Reason)
				}
			}
			require.NotZero(t, fixable)
			if name == "mixed" {
				requireOtherBuilds(t, plan)
			}
		})
	}
}

// requireOtherBuilds: a send in a file that this build leaves out is left, with
// what to do; a broadcast there is kept like any other.
func requireOtherBuilds(t *testing.T, plan *Plan) {
	t.Helper()
	var got []string
	for _, s := range plan.Ledger.Sites {
		if s.File == "special.go" {
			got = append(got, fmt.Sprint(s.Line, " ", s.Symbol, " ", s.Role, " ", s.Status, " ", s.Reason))
		}
	}
	require.Equal(t, []string{"8 ws.Send user-send left build-tag", "9 ws.All broadcast kept broadcast"}, got)
}

// broken is what an editor or a missing dependency leaves: nothing in it has a type.
const broken = `
func broken() {
	for range missing.List() {
	}
	for k, v := range missing.Map {
		missing.Do(k, v)
	}
	missing.ch <- missing.value
	x := missing.New().With(1)
	x.Field[missing.Key].Send(func(a missing.T) { _ = a })
	go missing.Run(x...)
	defer x.Close()
	switch y := missing.Any.(type) {
	case missing.A:
		_ = y
	}
	var z missing.Type = missing.T{A: 1}
	select {
	case m := <-missing.in:
		z = m
	case missing.out <- z:
	}
	Send(missing.ID(), *missing.Text)
}
`

// Lint judges, and fix reads, what can be analysed of packages that do not type-check.
func TestWhatDoesNotTypeCheckIsJudged(t *testing.T) {
	files, _ := shapes(t)
	names := map[string]string{}
	for name, text := range files {
		if filepath.Ext(name) == ".go" {
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.PackageClauseOnly)
			require.NoError(t, err)
			names[path.Dir(name)] = file.Name.Name
		}
	}
	for _, all := range []bool{true, false} {
		given, failed := maps.Clone(files), 0
		for dir, name := range names {
			if all || path.Base(dir) == "use" {
				given[path.Join(dir, "broken.go")] = "package " + name + "\n" + broken
				failed++
			}
		}
		dir := t.TempDir()
		lay(t, dir, given)
		r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}, Fixable: Fixable})
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(r.Stats.PackagesFailed), failed)
		sends := 0
		for _, f := range r.Findings {
			if f.Role == findings.UserSend && path.Base(path.Dir(f.File)) == "use" && f.Reason != "the addressee is left empty" {
				require.Contains(t, f.Reason, "does not build as it is")
				sends++
			}
		}
		require.Positive(t, sends)
		plan, err := Run(t.Context(), &Options{Dir: dir, Patterns: []string{"./..."}, Plain: true})
		require.NoError(t, err)
		require.NotEmpty(t, plan.Ledger.Sites)
	}
}
