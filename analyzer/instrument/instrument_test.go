package instrument

import (
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
)

// tree writes a module without dependencies; wire.Conn stands for a socket.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files["go.mod"] = "module example.com/app\n\ngo 1.26\n"
	files[".wsmig.yaml"] = "connections: [example.com/app/wire.Conn]\n"
	files["wire/wire.go"] = `package wire

import "sync/atomic"

var Delivered, Leaked atomic.Int64

// Conn is the connection of one user; it counts what is for somebody else.
type Conn struct{ User string }

func (c *Conn) WriteJSON(v any) error {
	Delivered.Add(1)
	if v != c.User {
		Leaked.Add(1)
	}
	return nil
}
`
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

func overlay(t *testing.T, dir string) *Overlay {
	t.Helper()
	o, err := Run(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}, Settings: config.NewTree(analyzer.Rules())})
	require.NoError(t, err)
	return o
}

// window is the bug that no load finds: both calls hold the lock, and between them
// another user may become the current one.
const window = `package main

import (
	"fmt"
	"sync"

	"example.com/app/wire"
)

type hub struct {
	mu      sync.Mutex
	current string
	conns   map[string]*wire.Conn
}

var manager = &hub{conns: map[string]*wire.Conn{"a": {User: "a"}, "b": {User: "b"}}}

func (h *hub) SetUser(user string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current = user
}

func (h *hub) Emit(v any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.conns[h.current].WriteJSON(v)
}

func serve(user string) {
	manager.SetUser(user)
	_ = manager.Emit(user)
}

func main() {
	var wg sync.WaitGroup
	for _, user := range []string{"a", "b"} {
		wg.Go(func() {
			for range 10000 {
				serve(user)
			}
		})
	}
	wg.Wait()
	fmt.Println(wire.Leaked.Load(), wire.Delivered.Load())
}
`

// leaks builds the program and says how many of its deliveries reached the wrong
// user.
func leaks(t *testing.T, dir string, o *Overlay, env ...string) int {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "app")
	args := []string{"build", "-o", exe}
	if o != nil {
		args = append(args, "-overlay", write(t, o))
	}
	build := exec.CommandContext(t.Context(), "go", append(args, ".")...)
	build.Dir = dir
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	run := exec.CommandContext(t.Context(), exe)
	run.Env = append(os.Environ(), append(env, "GOMAXPROCS=1")...)
	out, err = run.Output()
	require.NoError(t, err)
	var leaked, delivered int
	_, err = fmt.Sscan(string(out), &leaked, &delivered)
	require.NoError(t, err)
	require.Equal(t, 20000, delivered)
	t.Logf("%v overlay: %v, %d of %d deliveries reached the wrong user", env, o != nil, leaked, delivered)
	return leaked
}

func write(t *testing.T, o *Overlay) string {
	t.Helper()
	dir := t.TempDir()
	replace := map[string]string{}
	for name, text := range o.Files {
		to := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		require.NoError(t, os.WriteFile(to, text, 0o600))
		replace[name] = to
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	name := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	return name
}

func TestTheWindowOpens(t *testing.T) {
	dir := tree(t, map[string]string{"main.go": window})
	o := overlay(t, dir)
	plain := leaks(t, dir, nil)
	off := leaks(t, dir, o, "WSMIG_YIELD=0")
	always := leaks(t, dir, o, "WSMIG_YIELD=1", "WSMIG_YIELD_MAX=0")
	leaks(t, dir, o, "WSMIG_YIELD_MAX=20us")
	require.Greater(t, always, 1000, "a forced switch between the calls must show")
	require.Less(t, plain, always/10)
	require.Less(t, off, always/10, "WSMIG_YIELD=0 switches the points off")
	source, err := os.ReadFile(filepath.Join(dir, "main.go"))
	require.NoError(t, err)
	require.Equal(t, window, string(source), "the sources stay as they are")
}

func TestLinesStay(t *testing.T) {
	dir := tree(t, map[string]string{"main.go": window})
	for name, text := range overlay(t, dir).Files {
		_, err := parser.ParseFile(token.NewFileSet(), name, text, 0)
		require.NoError(t, err)
		if filepath.Base(name) == "main.go" {
			require.Equal(t, strings.Count(window, "\n"), strings.Count(string(text), "\n"))
		}
	}
}

// shapes are statements whose meaning a careless insertion changes.
const shapes = `package hub

import "example.com/app/wire"

type Hub struct {
	conns map[string]*wire.Conn
	queue chan string
}

var H = &Hub{conns: map[string]*wire.Conn{}, queue: make(chan string, 1)}

var wsmigYield = 1

func (h *Hub) Get(id string) *wire.Conn {
	if c := h.conns[id]; c != nil {
		return c
	} else if len(h.conns) == 0 {
		return nil
	} else {
		return h.conns[""]
	}
}

func (h *Hub) Must(id string) *wire.Conn {
	switch c := h.conns[id]; {
	case c != nil:
		return c
	default:
		panic(h.conns)
	}
}

func Loop() int {
retry:
	for id := range H.conns {
		select {
		case H.queue <- id:
			continue retry
		default:
			goto out
		}
	}
out:
	defer func() { H.Get("a").WriteJSON("x") }()
	go H.Get("b").WriteJSON("y"); _ = wsmigYield
	for {
		if H.Get("c") != nil { return 1 }
	}
}

//go:nosplit
func Small() int { return len(H.conns) }

var lazy = func() *wire.Conn { return H.conns["lazy"] }
`

func TestEveryShapeCompiles(t *testing.T) {
	dir := tree(t, map[string]string{"hub/hub.go": shapes, "hub/wsmig_yield.go": "package hub\n"})
	o := overlay(t, dir)
	text := string(o.Files[filepath.Join(dir, "hub", "hub.go")])
	require.Contains(t, text, "wsmigYield2(", "the name was taken")
	require.Contains(t, text, "func Small() int { return len(H.conns) }")
	require.Contains(t, o.Files, filepath.Join(dir, "hub", "wsmig_yield2.go"), "the file was there")
	build := exec.CommandContext(t.Context(), "go", "vet", "-overlay", write(t, o), "./hub")
	build.Dir = dir
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestNothingFoundIsNoOverlay(t *testing.T) {
	o := overlay(t, tree(t, map[string]string{"main.go": "package main\n\nfunc main() {}\n"}))
	require.Zero(t, o.Points)
	require.Empty(t, o.Files)
}
