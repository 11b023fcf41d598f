package matrix

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// tree is a module without dependencies, whose builds differ.
func tree(t *testing.T) *driver.Config {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":               "module example.com/app\n\ngo 1.26\n",
		".wsmig.yaml":          "connections: [example.com/app/hub.Conn]\n",
		"hub/hub.go":           "package hub\n\ntype Conn struct{}\n\nfunc (*Conn) Write(v any) {}\n\nvar conns = map[string]*Conn{}\n\nfunc Send(user string, v any) { conns[user].Write(v) }\n",
		"use/all.go":           "package use\n\nimport \"example.com/app/hub\"\n\nfunc All(u string) { hub.Send(u, 1) }\n\n//wsmig:ignore singleton the service runs for one user\nfunc idle() { service(\"x\") }\n",
		"use/elsewhere.go":     "//go:build !plan9\n\npackage use\n\nfunc service(string) {}\n",
		"use/service_plan9.go": "package use\n\nimport \"example.com/app/hub\"\n\nfunc service(u string) { hub.Send(u, 2) }\n",
		"use/both.go":          "//go:build integration && !short\n\npackage use\n\nimport \"example.com/app/hub\"\n\nfunc Both(u string) { hub.Send(u, 3) }\n",
		"use/made.go":          "//go:build ignore\n\npackage main\n\nfunc main() {}\n",
		"use/never.go":         "//go:build plan9 && linux\n\npackage use\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return &driver.Config{Dir: dir, Patterns: []string{"./..."}, Settings: config.NewTree(analyzer.Rules())}
}

func sends(r *findings.Result) []string {
	var files []string
	for _, f := range r.Findings {
		if f.Role == findings.UserSend && f.Package == "example.com/app/use" && !f.Suppressed {
			files = append(files, f.File)
		}
	}
	return files
}

func TestTheUnionOfAllBuilds(t *testing.T) {
	cfg := tree(t)
	plain, err := driver.Lint(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, []string{"use/all.go"}, sends(plain))

	r, scope, err := Lint(t.Context(), cfg, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"use/all.go", "use/both.go", "use/service_plan9.go"}, sends(r))
	require.Equal(t, []findings.SkippedFile{{File: "use/made.go", Reason: "build-tag"}, {File: "use/never.go", Reason: "build-tag"}}, r.Stats.FilesSkipped)
	require.GreaterOrEqual(t, r.Singletons[0].Uses[findings.UserSend], 4, "the hub's own, and those three")
	require.Equal(t, 2, r.Stats.Packages)
	require.Equal(t, len(scope.Files), r.Stats.Files)
	require.Contains(t, scope.Files, "use/both.go")
}

func TestOnlyTheBuildsThatWereAskedFor(t *testing.T) {
	cfg := tree(t)
	builds, err := Parse("host,+integration")
	require.NoError(t, err)
	r, _, err := Lint(t.Context(), cfg, builds)
	require.NoError(t, err)
	require.Equal(t, []string{"use/all.go", "use/both.go"}, sends(r))
	var skipped []string
	for _, s := range r.Stats.FilesSkipped {
		skipped = append(skipped, s.File)
	}
	require.Equal(t, []string{"use/made.go", "use/never.go", "use/service_plan9.go"}, skipped)
}

func TestParse(t *testing.T) {
	builds, err := Parse("linux,windows/arm64, darwin+a+b,+e2e,host")
	require.NoError(t, err)
	require.Equal(t, []Platform{
		{GOOS: "linux", Tags: []string{}}, {GOOS: "windows", GOARCH: "arm64", Tags: []string{}}, {GOOS: "darwin", Tags: []string{"a", "b"}},
		{Tags: []string{"e2e"}}, {Tags: []string{}},
	}, builds)
	for _, text := range []string{"", "linux,", "lunix", "linux/pentium", "./...", "linux+", "example.com/app"} {
		_, err := Parse(text)
		require.Error(t, err, text)
	}
}

func TestAnIdleCommentIsIdleOnAllBuildsThatReadIt(t *testing.T) {
	finding := findings.Finding{Rule: "ignore", File: "a.go", Line: 1, Message: "silences nothing", Severity: findings.Warning}
	one := &findings.Result{Findings: []findings.Finding{finding}}
	read, unread := &driver.Scope{Files: []string{"a.go"}}, &driver.Scope{Files: []string{"b.go"}}
	for _, c := range []struct {
		second *findings.Result
		scope  *driver.Scope
		left   int
	}{{one, read, 1}, {&findings.Result{}, read, 0}, {&findings.Result{}, unread, 1}} {
		j := newJoin()
		j.add(Platform{}, one, read)
		j.add(Platform{GOOS: "windows"}, c.second, c.scope)
		r, _, err := j.finish()
		require.NoError(t, err)
		require.Len(t, r.Findings, c.left)
	}
}

func TestABetterKnownRoleWins(t *testing.T) {
	j := newJoin()
	at := findings.Finding{Rule: "singleton", File: "a.go", Line: 1, Role: findings.Other, Severity: findings.Warning}
	j.add(Platform{}, &findings.Result{Findings: []findings.Finding{at}}, &driver.Scope{})
	at.Role, at.Addressee = findings.UserSend, "u"
	j.add(Platform{GOOS: "windows"}, &findings.Result{Findings: []findings.Finding{at}}, &driver.Scope{})
	r, _, err := j.finish()
	require.NoError(t, err)
	require.Equal(t, []findings.Finding{at}, r.Findings)
}
