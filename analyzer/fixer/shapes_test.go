package fixer

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// shapes reads the archives in testdata/shapes into one module, with a main package
// that runs them one after the other, and what their ledgers are to say.
func shapes(t *testing.T) (files map[string]string, want []string) {
	t.Helper()
	archives, err := filepath.Glob("testdata/shapes/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	files = map[string]string{
		"go.mod": "module example.com/shapes\n\ngo 1.21\n\nrequire " + gorilla + "\n",
		"go.sum": sums(t, "github.com/gorilla/websocket"),
	}
	var imports, calls strings.Builder
	for _, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".txtar")
		ar, err := txtar.ParseFile(archive)
		require.NoError(t, err)
		fmt.Fprintf(&imports, "\t%s \"example.com/shapes/%s/use\"\n", name, name)
		fmt.Fprintf(&calls, "\t%s.Run()\n", name)
		for _, f := range ar.Files {
			if f.Name == name+".want" {
				want = append(want, strings.Split(strings.TrimSpace(string(f.Data)), "\n")...)
				continue
			}
			files[f.Name] = string(f.Data)
		}
	}
	files["main.go"] = "package main\n\nimport (\n" + imports.String() + ")\n\nfunc main() {\n" + calls.String() + "}\n"
	return files, want
}

// TestShapesAreBound fixes hand-written programs with the shapes that real code has:
// the ledger says what is expected of each addressed send, the result builds, does
// what it did, and a second run changes nothing. The golden form is that of the
// callers.
func TestShapesAreBound(t *testing.T) {
	files, want := shapes(t)
	dir := t.TempDir()
	lay(t, dir, files)
	before := goRun(t, dir, "run", ".")
	o := &Options{Dir: dir, Patterns: []string{"./..."}, Plain: true}
	plan, err := Run(t.Context(), o)
	require.NoError(t, err)
	slices.Sort(want)
	require.Equal(t, want, addressed(t, plan.Ledger))
	require.NoError(t, plan.Write(t.Context()))
	goRun(t, dir, "vet", "./...")
	require.Equal(t, before, goRun(t, dir, "run", "."), "%s", diffOf(t, plan))
	again, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.False(t, again.Changed(), "%s", diffOf(t, again))
	t.Logf("%s", diffOf(t, plan))
}

// addressed lists the addressed sends of a ledger but for those inside managers.
func addressed(t *testing.T, l *ledger.Ledger) []string {
	lines := map[string]bool{}
	for _, s := range l.Sites {
		if !slices.Contains([]findings.Role{findings.UserSend, findings.ConnSend, findings.RoomSend}, s.Role) || s.Reason == ledger.Internal {
			continue
		}
		if s.Status == ledger.Left {
			t.Logf("%s:%d: %s", s.File, s.Line, s.Message)
		}
		lines[strings.TrimSpace(fmt.Sprintf("%s:%d %s %s %s", s.File, s.Line, s.Role, s.Status, s.Reason))] = true
	}
	return slices.Sorted(maps.Keys(lines))
}
