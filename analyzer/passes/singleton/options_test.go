package singleton_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

const bus = `package bus

import "sync"

type Conn interface{ Push(b []byte) error }

type Manager struct{ out map[string]Conn }

var (
	instance *Manager
	once     sync.Once
)

func GetManager() *Manager {
	once.Do(func() { instance = &Manager{out: map[string]Conn{}} })
	return instance
}

func (m *Manager) Join(user string, c Conn) { m.out[user] = c }

func (m *Manager) Tell(user string, b []byte) { m.out[user].Push(b) }

func (m *Manager) Opaque(b []byte, user string) { opaque(b, user) }

var opaque func([]byte, string)
`

// TestDeclaredManagers shows what a declaration adds: a hub whose sockets cannot be
// seen informs until somebody says what it is.
func TestDeclaredManagers(t *testing.T) {
	dir := module(t)
	write := func(name, text string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("bus/bus.go", bus)
	write("use/use.go", "package use\n\nimport \"example.com/shapes/bus\"\n\nfunc F(u string) {\n\tbus.GetManager().Tell(u, nil)\n\tbus.GetManager().Opaque(nil, u)\n}\n")

	severity := func(cfg *driver.Config) (findings.Severity, map[int]findings.Finding) {
		cfg.Dir, cfg.Patterns = dir, []string{"./..."}
		r, err := driver.Lint(t.Context(), cfg)
		require.NoError(t, err)
		require.Len(t, r.Singletons, 1)
		uses := map[int]findings.Finding{}
		for _, f := range r.Findings {
			if f.File == "use/use.go" {
				uses[f.Line] = f
			}
		}
		return r.Singletons[0].Severity, uses
	}
	level, uses := severity(&driver.Config{})
	require.Equal(t, findings.Info, level)
	require.Equal(t, findings.UserSend, uses[6].Role)

	for _, name := range []string{"example.com/shapes/bus.GetManager", "bus.GetManager", "bus.instance"} {
		level, uses = severity(&driver.Config{Accessors: []string{name}})
		require.Equal(t, findings.Warning, level, name)
		require.Equal(t, "u", uses[6].Addressee)
	}

	write(config.Name, "accessors: [bus.GetManager]\nroles:\n  example.com/shapes/bus.(Manager).Opaque: {role: user-send, addressee: 2}\n")
	_, uses = severity(&driver.Config{Settings: config.NewTree(nil)})
	require.Equal(t, findings.UserSend, uses[7].Role)
	require.Equal(t, "u", uses[7].Addressee)
}

// TestDeclaredConnections shows that what is sent to a declared connection counts,
// although its methods are read and do nothing.
func TestDeclaredConnections(t *testing.T) {
	dir := module(t)
	for name, text := range map[string]string{
		config.Name: "connections: [example.com/shapes/hub.Socket]\n",
		"hub/hub.go": `package hub

type Socket struct{ WriteDeadline int }

func (*Socket) Send(v any) error { return nil }

func (*Socket) SetWriteLimit(n int) {}

func (*Socket) Close() {}

var sockets = map[string]*Socket{}

func Tell(user string, v any) error { return sockets[user].Send(v) }

func Limit(user string) { sockets[user].SetWriteLimit(1) }
`,
		"use/use.go": "package use\n\nimport \"example.com/shapes/hub\"\n\nfunc F(u string) {\n\t_ = hub.Tell(u, nil)\n\thub.Limit(u)\n}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	r, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}, Settings: config.NewTree(nil)})
	require.NoError(t, err)
	sends := map[string]string{}
	for _, f := range r.Findings {
		if f.Role == findings.UserSend {
			sends[f.File] = f.Addressee
		}
		require.NotEqual(t, 7, f.Line, "no message: %s", f.Message)
	}
	require.Equal(t, map[string]string{"hub/hub.go": "user", "use/use.go": "u"}, sends)
}
