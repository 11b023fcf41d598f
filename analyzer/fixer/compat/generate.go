package compat

import (
	"fmt"
	"go/format"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
)

// Needs is what the rewritten program asks of the generated package.
type Needs struct {
	Types   bool            // it names the types
	Package map[string]bool // functions of the package
	Manager map[string]bool // methods of the manager
	Emitter map[string]bool // methods of the emitter
	Old     map[string]bool // methods under their old names, for interfaces and method values
}

// keep notes that a method must be there under its old name.
func (n *Needs) keep(name string) {
	if to, old := becomes[name]; old && to.name != name {
		n.Old[name] = true
		n.Manager[to.name] = true
		if to.then != "" {
			n.Emitter[to.then] = true
		}
		return
	}
	n.Manager[name] = true
}

// Missing adds a method that the compiler missed, "missing method SendToUser", and
// reports whether it is one that was not there before.
func (n *Needs) Missing(message string) bool {
	_, name, ok := strings.Cut(message, "missing method ")
	if !ok {
		return false
	}
	name = strings.FieldsFunc(name, func(r rune) bool { return r == ')' || r == ' ' || r == '\n' })[0]
	if _, known := becomes[name]; !known && !slices.Contains(emitterMethods, name) {
		return false
	}
	before := n.Old[name] || n.Manager[name]
	n.keep(name)
	return !before
}

// Generate writes the package.
func Generate(name string, n *Needs) ([]byte, error) {
	g := &generator{Needs: n, name: name, imports: map[string]bool{}}
	g.manager()
	g.factory()
	g.emitter()
	g.everybody()
	g.old()
	var out strings.Builder
	fmt.Fprintf(&out, "%s%s\n\n// Package %s reaches the WebSocket connections of one user at a time. It delivers\n// through a factory of wsruntime, byte for byte as given.\npackage %s\n\nimport (\n", bind.Marker, State, name, name)
	for _, path := range slices.Sorted(keys(g.imports)) {
		fmt.Fprintf(&out, "\t%q\n", path)
	}
	if g.attaches() {
		out.WriteString("\n\t\"github.com/gorilla/websocket\"\n")
	}
	fmt.Fprintf(&out, "\n\twsruntime %q\n)\n\n%s", bind.RuntimePath, g.text.String())
	return format.Source([]byte(out.String()))
}

func keys(m map[string]bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

type generator struct {
	*Needs
	name    string
	text    strings.Builder
	imports map[string]bool
}

// part writes code and imports what it needs of the standard library.
func (g *generator) part(text string, imports ...string) {
	g.text.WriteString(text + "\n")
	for _, path := range imports {
		g.imports[path] = true
	}
}

func (g *generator) emits() bool {
	return g.Package["EmitterFor"] || g.Manager["EmitterFor"] || len(g.Needs.Emitter) > 0 || g.Types
}

// wants reports whether a method is used on a value or by the package's function.
func (g *generator) wants(name string) bool { return g.Package[name] || g.Manager[name] }

func (g *generator) manager() {
	conns, made := "", ""
	if g.attaches() {
		conns, made = "\tconns   map[*websocket.Conn]*wsruntime.Conn\n", "conns: make(map[*websocket.Conn]*wsruntime.Conn)"
	}
	g.part(`// Manager makes emitters. It holds no user: each call goes to the factory
// underneath. Its methods may be called from any goroutine.
type Manager struct {
	mu      sync.Mutex
	factory *wsruntime.Factory
`+conns+`}

var process = &Manager{`+made+`}
`, "sync")
	if g.Package["Default"] {
		g.part(`// Default returns the manager that the functions of this package use.
func Default() *Manager { return process }
`)
	}
}

// attaches reports whether the program registers connections that it reads itself.
func (g *generator) attaches() bool { return g.Needs.Emitter["Attach"] || g.Needs.Emitter["Detach"] }

func (g *generator) factory() {
	g.part(`// UseFactory sets the factory that messages go through, and returns the one before,
// if any. Call it first thing in main: without it a factory with default options
// and raw framing is made when it is first needed.
func UseFactory(f *wsruntime.Factory) (before *wsruntime.Factory) {
	process.mu.Lock()
	defer process.mu.Unlock()
	before, process.factory = process.factory, f
	return before
}

// Factory returns the factory underneath.
func (m *Manager) Factory() *wsruntime.Factory {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.factory == nil {
		f, err := wsruntime.NewFactory(&wsruntime.Options{Framing: wsruntime.Raw})
		if err != nil {
			panic(err) // these options are valid
		}
		m.factory = f
		slog.Info("`+g.name+`: UseFactory was not called, connections live in a factory of the package")
	}
	return m.factory
}
`, "log/slog")
	if g.Package["Factory"] {
		g.part("// Factory returns the factory that messages go through.\nfunc Factory() *wsruntime.Factory { return process.Factory() }\n")
	}
}
