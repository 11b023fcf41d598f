package fixer

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/check"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// TestWhatIsLeftOutDoesNotFit draws groups of edits that need each other, across
// packages and tests, some of them wrong. What is kept compiles, and with any single
// group that was left out it would not.
func TestWhatIsLeftOutDoesNotFit(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.21\n",
		"m.go":             "package m\n",
		"m_test.go":        "package m\n",
		"x_test.go":        "package m_test\n\nimport \"example.com/m\"\n\nvar _ = m.Base\n",
		"base.go":          "package m\n\n// Base is there.\nconst Base = 1\n",
		"use/use.go":       "package use\n\nimport \"example.com/m\"\n\nvar _ = m.Base\n",
		"use/deep/deep.go": "package deep\n\nimport _ \"example.com/m/use\"\n",
	})
	program, err := driver.Load(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.Empty(t, program.Failed)
	rapid.Check(t, func(t *rapid.T) {
		e, err := newEngineOn(program, dir)
		require.NoError(t, err)
		w := &work{groups: drawGroups(t, dir)}
		all := slices.Clone(w.groups)
		files, err := e.settle(w)
		require.NoError(t, err)
		checker := check.New(program)
		require.Empty(t, checker.Check(files))
		var live, out []*group
		for _, g := range all {
			if _, banned := e.banned[g.key]; banned {
				out = append(out, g)
			} else {
				live = append(live, g)
			}
		}
		for _, g := range out {
			d, err := e.draft(w, append(slices.Clone(live), g))
			require.NoError(t, err)
			require.NotEmpty(t, checker.Check(d.files), "%s would fit in: %s", g.key, g.edits[0].New)
		}
	})
}

// newEngineOn is an engine on a program that needs no analysis.
func newEngineOn(program *driver.Program, dir string) (*engine, error) {
	return &engine{
		Options: &Options{}, program: program, place: &place{dir: dir, root: dir, modules: []string{dir}},
		overlay: map[string][]byte{}, disk: map[string][]byte{}, banned: map[string]ban{}, badOps: map[string]bool{},
		entries: map[spot]*entry{}, notes: map[string]*note{}, broken: map[string]string{},
	}, nil
}

func drawGroups(t *rapid.T, dir string) []*group {
	places := []struct{ file, qualifier string }{{"m.go", ""}, {"m_test.go", ""}, {"x_test.go", "m."}, {"use/use.go", "m."}}
	n := rapid.IntRange(1, 8).Draw(t, "groups")
	var groups []*group
	for i := range n {
		at := rapid.SampledFrom(places).Draw(t, "place")
		value := rapid.SampledFrom([]string{"1", "1", "missing", `"a" + 1`, "other", "other"}).Draw(t, "value")
		if value == "other" {
			value = fmt.Sprintf("%sV%d", at.qualifier, rapid.IntRange(0, n-1).Draw(t, "which"))
		}
		path := filepath.Join(dir, filepath.FromSlash(at.file))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		// On one line with others a problem is blamed on all of them.
		end, declared := len(text), fmt.Sprintf("\nvar V%d = %s\n", i, value)
		if rapid.Bool().Draw(t, "on one line") {
			end, declared = end-1, fmt.Sprintf("; var V%d = %s", i, value)
		}
		groups = append(groups, &group{key: fmt.Sprint(i), file: path, edits: []edit.Edit{{Start: end, End: end, New: declared}}})
	}
	return groups
}

// TestFootprintIsSaid: what a module that is lifted over go 1.22 has to know.
func TestFootprintIsSaid(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.FromSlash("testdata/mixed"))))
	lay(t, dir, map[string]string{
		"go.mod": "module example.com/mixed\n\ngo 1.16\n\nrequire " + gorilla + "\n",
		"go.sum": sums(t, "github.com/gorilla/websocket"),
		"loops.go": strings.Join([]string{
			"package main", "", "func loops(list []int) (out []func() int, all []*int) {",
			"\tfor _, v := range list {", "\t\tout = append(out, func() int { return v })", "\t}",
			"\tfor i := 0; i < 3; i++ {", "\t\tall = append(all, &i)", "\t}",
			"\tfor _, v := range list {", "\t\t_ = v", "\t}", "\treturn out, all", "}", "",
		}, "\n"),
	})
	plan, err := Run(t.Context(), &Options{Dir: dir, Patterns: []string{"./..."}, Stage: "bind", Runtime: repository(t)})
	require.NoError(t, err)
	require.Len(t, plan.Footprint, 1)
	got := plan.Footprint[0]
	require.Equal(t, "1.16", got.GoBefore)
	require.Equal(t, "1.26.0", got.GoAfter)
	require.Equal(t, []string{"loops.go:4", "loops.go:7"}, got.Loops)
	require.NotEmpty(t, got.Godebug)
	require.Contains(t, got.Replace, repository(t))
	require.Equal(t, "1.16", plan.Ledger.GoMod.GoBefore)
	for _, path := range plan.Files() {
		require.NotEqual(t, "loops.go", filepath.Base(path))
	}
}

// TestVendoredModule: what the vendor folder needs is part of the run, and the
// result builds from it alone.
func TestVendoredModule(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.FromSlash("testdata/mixed"))))
	lay(t, dir, map[string]string{
		"go.mod": "module example.com/mixed\n\ngo 1.21\n\ntoolchain go1.22.1\n\nrequire " + gorilla + "\n",
		"go.sum": sums(t, "github.com/gorilla/websocket"),
	})
	goRun(t, dir, "mod", "vendor")
	o := &Options{Dir: dir, Patterns: []string{"./..."}, Stage: "bind", Runtime: repository(t)}
	plan, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "go1.22.1", plan.Footprint[0].Toolchain)
	require.NoError(t, plan.Write(t.Context()))
	goRun(t, dir, "build", "-mod=vendor", "-o", os.DevNull, ".")
	require.FileExists(t, filepath.Join(dir, "vendor", "github.com", "wsmig", "wsmig", "runtime", "factory.go"))
	again, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.False(t, again.Changed(), "%s", diffOf(t, again))
	require.Equal(t, plan.Ledger.Singletons, again.Ledger.Singletons, "how far they got is told again")
}
