// Package move takes the connections of a process-wide manager out of its own
// registry and puts them under wsmig's runtime: handlers accept connections
// through a factory, the registry's look-ups become the factory's, read loops
// become callbacks, and the registry is gone.
//
// A plain map from users to connections gets stand-ins that write to all of a user's
// connections. What a registry of clients holds, and what holds several connections
// a user, stays as it is and is kept at the connection that it belongs to: the
// factory's pools say whose that is.
//
// It does so where every use of the registry is one that it knows. Anything else
// is an [Obstacle]: then nothing is moved, and the obstacles are the plan for doing
// it by hand.
package move

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// Input is a program in which the sends are bound already.
type Input struct {
	Program   *driver.Program
	Package   *driver.Package      // declares the manager; the variant without tests
	Singleton *singleton.Singleton // as its own package knows it
	Read      func(path string) ([]byte, error)
	Writable  func(path string) bool
	_         struct{}
}

// Result is what moves a manager: edits by file, with the imports that they rely
// on, and the names that the generated code has.
type Result struct {
	Edits   map[string][]edit.Edit
	Imports map[string][]bind.Import
	File    *File    // the code to generate beside the manager
	Gone    []string // methods whose calls are gone because the runtime does what they were for
}

// Dependencies are the packages that moved code may import beside the runtime.
func Dependencies() []string {
	return []string{"bytes", "context", "encoding/json", "errors", "io", "iter", "log/slog", "maps", "net", "net/http", "net/url", "slices", "strconv", "strings", "sync", "sync/atomic", "time"}
}

// Obstacle is something that stands in the way, in the words of a plan.
type Obstacle struct {
	Pos  token.Position
	What string
}

func (o Obstacle) String() string { return fmt.Sprintf("%s: %s", o.Pos, o.What) }

// Plan works out how to move a manager. Either obstacles are returned or a result.
func Plan(in *Input) (*Result, []Obstacle, error) {
	m := &mover{Input: in, result: &Result{Edits: map[string][]edit.Edit{}, Imports: map[string][]bind.Import{}}, sources: map[string][]byte{}}
	if err := m.readFiles(); err != nil {
		return nil, nil, err
	}
	if list := m.sessions(); list != nil {
		m.planSessions(list)
	} else if list := m.entries(); list != nil {
		m.planEntries(list)
	} else if reg := m.registry(); reg != nil {
		m.file(reg)
		m.uses(reg)
		m.functions()
		m.handlers()
	}
	if len(m.obstacles) > 0 {
		return nil, m.obstacles, nil
	}
	m.acceptCalls()
	for path, edits := range m.result.Edits {
		m.result.Edits[path] = edit.WithoutNested(edits)
	}
	return m.result, nil, nil
}

type mover struct {
	*Input
	files     []*source
	sources   map[string][]byte
	result    *Result
	obstacles []Obstacle

	reg       *registry
	list      *entries
	melody    *sessions       // nil when connections are gorilla's
	concerned map[string]bool // packages whose connections are those of list
	registers []*registration
	forgets   map[*ast.FuncDecl]*source // functions that delete from the registry
	found     []*handler
	accepted  []*handler        // where connections come from
	removed   map[ast.Node]bool // statements that are gone
	facades   map[types.Object]bool
}

// source is one file of the program, each once.
type source struct {
	pkg     *driver.Package
	syntax  *ast.File
	path    string
	text    []byte
	parents map[ast.Node]ast.Node
}

// readFiles lists the files of the program; a file that belongs to a package and
// to its variant with tests is taken as part of the former.
func (m *mover) readFiles() error {
	m.forgets, m.removed, m.facades = map[*ast.FuncDecl]*source{}, map[ast.Node]bool{}, map[types.Object]bool{}
	seen := map[string]bool{}
	for _, pkg := range m.Program.Packages {
		for i, syntax := range pkg.Files {
			path := pkg.FileNames[i]
			if seen[path] || pkg.Info == nil {
				continue
			}
			seen[path] = true
			text, err := m.Read(path)
			if err != nil {
				return err
			}
			m.files = append(m.files, &source{pkg: pkg, syntax: syntax, path: path, text: text})
		}
	}
	return nil
}

// parent returns the node around n.
func (s *source) parent(n ast.Node) ast.Node {
	if s.parents == nil {
		s.parents = map[ast.Node]ast.Node{}
		var stack []ast.Node
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if n == nil {
				stack = stack[:len(stack)-1]
				return true
			}
			if len(stack) > 0 {
				s.parents[n] = stack[len(stack)-1]
			}
			stack = append(stack, n)
			return true
		})
	}
	return s.parents[n]
}

// function is the declaration around n, nil at package level.
func (s *source) function(n ast.Node) *ast.FuncDecl {
	for ; n != nil; n = s.parent(n) {
		if fn, ok := n.(*ast.FuncDecl); ok {
			return fn
		}
	}
	return nil
}

// statement is the innermost statement around n.
func (s *source) statement(n ast.Node) ast.Stmt {
	for ; n != nil; n = s.parent(n) {
		if stmt, ok := n.(ast.Stmt); ok {
			return stmt
		}
	}
	return nil
}

func (m *mover) offset(pos token.Pos) int { return m.Program.Fset.Position(pos).Offset }

func (m *mover) code(s *source, n ast.Node) string {
	return string(s.text[m.offset(n.Pos()):m.offset(n.End())])
}

// edited is a stretch of a file with the edits that are known for it so far, and
// more: for code that goes elsewhere.
func (m *mover) edited(s *source, from, to token.Pos, more ...edit.Edit) string {
	start, end := m.offset(from), m.offset(to)
	inside := slices.Clone(more)
	for _, ed := range m.result.Edits[s.path] {
		if start <= ed.Start && ed.End <= end {
			inside = append(inside, ed)
		}
	}
	inside = edit.WithoutNested(inside)
	slices.SortStableFunc(inside, func(a, b edit.Edit) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	var out strings.Builder
	for _, ed := range inside {
		if ed.Start < start {
			continue
		}
		out.Write(s.text[start:ed.Start])
		out.WriteString(ed.New)
		start = ed.End
	}
	out.Write(s.text[start:end])
	return out.String()
}

func (m *mover) replace(s *source, from, to token.Pos, text string) {
	m.result.Edits[s.path] = append(m.result.Edits[s.path], edit.Edit{Start: m.offset(from), End: m.offset(to), New: text})
}

// remove deletes a statement or declaration with its line, once.
func (m *mover) remove(s *source, n ast.Node) {
	if m.removed[n] {
		return
	}
	m.removed[n] = true
	from, to := n.Pos(), n.End()
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Doc != nil {
			from = n.Doc.Pos()
		}
	case *ast.GenDecl:
		if n.Doc != nil {
			from = n.Doc.Pos()
		}
	case *ast.Field:
		if n.Doc != nil {
			from = n.Doc.Pos()
		}
		if n.Comment != nil {
			to = n.Comment.End()
		}
	}
	cut := edit.Lines(s.text, m.Program.Fset, from, to)
	if _, decl := n.(ast.Decl); decl {
		cut = edit.WithBlankLine(s.text, cut)
	}
	m.result.Edits[s.path] = append(m.result.Edits[s.path], cut)
}

func (m *mover) obstacle(n ast.Node, format string, args ...any) {
	o := Obstacle{m.Program.Fset.Position(n.Pos()), fmt.Sprintf(format, args...)}
	if !slices.Contains(m.obstacles, o) {
		m.obstacles = append(m.obstacles, o)
	}
}

// same reports whether two objects are one, seen from different variants of a
// package.
func (m *mover) same(a, b types.Object) bool {
	if a == nil || b == nil {
		return false
	}
	return a == b || a.Name() == b.Name() && m.Program.Fset.Position(a.Pos()) == m.Program.Fset.Position(b.Pos())
}
