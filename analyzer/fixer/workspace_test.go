package fixer

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/ledger"
)

// workspace has a module with a manager and one that sends through it.
func workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"go.work":    "go 1.24\n\nuse (\n\t./app\n\t./lib\n)\n",
		"lib/go.mod": "module example.com/lib\n\ngo 1.24\n\nrequire " + gorilla + "\n",
		"lib/go.sum": sums(t, "github.com/gorilla/websocket"),
		"lib/hub.go": "package lib\n\nimport (\n\t\"sync\"\n\n\t\"github.com/gorilla/websocket\"\n)\n\n" +
			"var (\n\tmu sync.Mutex\n\tconns = map[string]*websocket.Conn{}\n)\n\n" +
			"func Register(user string, conn *websocket.Conn) {\n\tmu.Lock()\n\tdefer mu.Unlock()\n\tconns[user] = conn\n}\n\n" +
			"func Send(user, text string) error {\n\tmu.Lock()\n\tdefer mu.Unlock()\n\treturn conns[user].WriteJSON(text)\n}\n",
		"app/go.mod": "module example.com/app\n\ngo 1.24\n\nrequire (\n\texample.com/lib v0.0.0\n\t" + gorilla + " // indirect\n)\n\nreplace example.com/lib => ../lib\n",
		"app/go.sum": sums(t, "github.com/gorilla/websocket"),
		"app/app.go": "package app\n\nimport \"example.com/lib\"\n\nfunc Hello(user string) error { return lib.Send(user, \"hello\") }\n",
	})
	return dir
}

func vetAlone(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "vet", "./...")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// TestModulesOfAWorkspaceBuildAlone: a module that sends through another one's
// emitters builds without the workspace afterwards, as it did before.
func TestModulesOfAWorkspaceBuildAlone(t *testing.T) {
	dir := workspace(t)
	app := filepath.Join(dir, "app")
	vetAlone(t, app)
	o := &Options{Dir: dir, Patterns: []string{"./app/...", "./lib/..."}, Runtime: repository(t), Stage: ledger.Bind}
	plan, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []string{"lib", "app"}, []string{plan.Footprint[0].Module, plan.Footprint[1].Module})
	require.NoError(t, plan.Write(t.Context()))
	text, err := os.ReadFile(filepath.Join(app, "app.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), "lib.EmitterFor(user).Send(\"hello\")")
	vetAlone(t, app)
	vetAlone(t, filepath.Join(dir, "lib"))
	again, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.False(t, again.Changed(), "%s", diffOf(t, again))
}

// Outside the workspace the manager belongs to another module: its sends are left,
// and nothing is written.
func TestManagersOfOtherModulesAreLeft(t *testing.T) {
	dir := workspace(t)
	env := append(os.Environ(), "GOWORK=off")
	plan, err := Run(t.Context(), &Options{Dir: filepath.Join(dir, "app"), Env: env, Patterns: []string{"./..."}, Runtime: repository(t)})
	require.NoError(t, err)
	require.False(t, plan.Changed(), "%s", diffOf(t, plan))
}

// TestMissingFilesToEmbed: what a package embeds is often built by another tool; that
// it is not there now keeps nobody from binding the package's sends.
func TestMissingFilesToEmbed(t *testing.T) {
	dir := workspace(t)
	lay(t, dir, map[string]string{
		"app/web.go":     "package app\n\nimport _ \"embed\"\n\n//go:embed dist/page.html\nvar Page string\n",
		"lib/bad/bad.go": "package bad\n\nimport \"example.com/lib\"\n\nfunc Bye(user string) int { return lib.Send(user, \"bye\") }\n",
	})
	plan, err := Run(t.Context(), &Options{Dir: dir, Patterns: []string{"./app/...", "./lib/..."}, Plain: true})
	require.NoError(t, err)
	status := map[string]ledger.Status{}
	for _, s := range plan.Ledger.Sites {
		status[s.File] = s.Status
	}
	require.Equal(t, ledger.Fixed, status["app/app.go"], "%s", diffOf(t, plan))
	require.Equal(t, ledger.Left, status["lib/bad/bad.go"])
}
