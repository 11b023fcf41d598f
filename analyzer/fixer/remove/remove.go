// Package remove deletes a process-wide manager that nothing asks for any more: its
// variable, its accessors, and what only they needed. Emitters that still reach
// through it get a manager of their own, provided that it has no state left which
// they would have to share.
package remove

import (
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

// Input is one manager in an analysed program.
type Input struct {
	Program   *driver.Program
	Package   *driver.Package      // that declares it
	Singleton *singleton.Singleton // of Package.Result
	Read      func(path string) ([]byte, error)
	Writable  func(path string) bool
	_         struct{}
}

// Obstacle is something that needs the manager where it is.
type Obstacle struct {
	Pos  token.Position
	What string
}

// Result is what is deleted and changed, by file. Imports and variables that then
// have no use are for the caller to clear away.
type Result struct {
	Edits    map[string][]edit.Edit
	Exported bool // a name is deleted that other modules could know
}

// Plan works out the edits, or what stands in the way.
func Plan(in *Input) (*Result, []Obstacle, error) {
	p := &plan{Input: in, gone: map[*unit]bool{}, edits: map[string][]edit.Edit{}}
	p.units = unitsOf(in.Program)
	p.start()
	if len(p.obstacles) == 0 {
		p.makers()
	}
	if len(p.obstacles) > 0 {
		return nil, p.obstacles, nil
	}
	p.spread()
	return p.result()
}

type plan struct {
	*Input
	units     []*unit
	gone      map[*unit]bool
	edits     map[string][]edit.Edit
	obstacles []Obstacle
}

func (p *plan) obstacle(pos token.Pos, what string) {
	p.obstacles = append(p.obstacles, Obstacle{p.Program.Fset.Position(pos), what})
}

// start marks the variable and its accessors, and looks for whoever else names
// them.
func (p *plan) start() {
	names := []string{p.Singleton.Package + "." + p.Singleton.Name}
	for _, accessor := range p.Singleton.Accessors {
		names = append(names, p.Singleton.Package+"."+accessor)
	}
	if p.Singleton.Object == nil || len(p.Singleton.Path) > 0 {
		p.obstacles = append(p.obstacles, Obstacle{What: "it is part of something else"})
		return
	}
	for _, u := range p.units {
		if u.declares(names) {
			p.gone[u] = true
			if !p.Writable(u.path) || len(u.names) > 1 {
				p.obstacle(u.node.Pos(), "it is declared together with others, or where nothing may be written")
			}
			p.pure(u)
		}
	}
	for _, u := range p.units {
		for _, ref := range u.refs {
			if slices.Contains(names, ref.name) && !p.gone[u] && !u.generated {
				p.obstacle(ref.pos, "it is used here")
			}
		}
	}
}

// pure refuses a variable or an accessor that does more than make the manager and
// hand it out.
func (p *plan) pure(u *unit) {
	ast.Inspect(u.node, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt, *ast.SendStmt:
			p.obstacle(n.Pos(), "making it starts something")
		case *ast.CallExpr:
			if !p.harmless(u, n) {
				p.obstacle(n.Pos(), "making it does more than that")
			}
		}
		return true
	})
}

// harmless calls are those of package sync, of builtins, and of constructors that
// only put a value together.
func (p *plan) harmless(u *unit, call *ast.CallExpr) bool {
	if tv := u.pkg.Info.Types[call.Fun]; tv.IsType() || tv.IsBuiltin() {
		return true
	}
	var id *ast.Ident
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	default:
		return false
	}
	fn, ok := u.pkg.Info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return false
	}
	if path := fn.Pkg().Path(); path == "sync" || path == "sync/atomic" {
		return true
	}
	for _, other := range p.units {
		decl, isFunc := other.node.(*ast.FuncDecl)
		if isFunc && other.declares([]string{nameOf(fn)}) && decl.Body != nil && len(decl.Body.List) == 1 {
			ret, returns := decl.Body.List[0].(*ast.ReturnStmt)
			return returns && onlyLiterals(ret, other.pkg.Info)
		}
	}
	return false
}

func onlyLiterals(n ast.Node, info *types.Info) bool {
	only := true
	ast.Inspect(n, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			tv := info.Types[call.Fun]
			only = only && (tv.IsType() || tv.IsBuiltin())
		}
		return only
	})
	return only
}

// makers gives the generated emitters a manager of their own.
func (p *plan) makers() {
	owner := named(p.Singleton.Object.Type())
	for _, u := range p.units {
		if !u.generated || p.gone[u] {
			continue
		}
		for _, ref := range u.refs {
			if !p.isGone(ref.name) {
				continue
			}
			switch state := stateOf(owner); {
			case owner == nil || owner.Obj().Pkg() != p.Package.Types || u.pkg.Types != p.Package.Types:
				p.obstacle(ref.pos, "the emitters reach through it")
			case state != "":
				p.obstacle(ref.pos, "the emitters reach through it, and share its "+state)
			default:
				p.replace(u, ref, "new("+owner.Obj().Name()+")")
			}
		}
	}
}

func (p *plan) isGone(name string) bool {
	for u := range p.gone {
		if u.declares([]string{name}) {
			return true
		}
	}
	return false
}

// replace puts another expression in the place of the accessor's call, or of the
// variable.
func (p *plan) replace(u *unit, ref reference, text string) {
	from, to := ref.pos, ref.end
	ast.Inspect(u.node, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && call.Fun.Pos() == ref.pos && call.Fun.End() == ref.end {
			to = call.End()
		}
		return true
	})
	p.edits[u.path] = append(p.edits[u.path], edit.Edit{Start: p.offset(from), End: p.offset(to), New: text})
}

func (p *plan) offset(pos token.Pos) int { return p.Program.Fset.Position(pos).Offset }

func named(t types.Type) *types.Named {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	n, _ := types.Unalias(t).(*types.Named)
	return n
}

// stateOf names the first field of a manager that its users would have to share.
// Locks only kept apart what has moved.
func stateOf(t *types.Named) string {
	if t == nil {
		return ""
	}
	structure, ok := t.Underlying().(*types.Struct)
	if !ok {
		return "value"
	}
	for f := range structure.Fields() {
		switch types.TypeString(f.Type(), nil) {
		case "sync.Mutex", "sync.RWMutex", "sync.Once":
		default:
			return f.Name()
		}
	}
	return ""
}

// spread takes along what only the deleted code needed and nobody else can name.
func (p *plan) spread() {
	for again := true; again; {
		again = false
		for _, u := range p.units {
			if !p.gone[u] && !u.generated && p.hidden(u) && p.orphaned(u) {
				p.gone[u], again = true, true
			}
		}
	}
}

// hidden reports whether nothing outside of its package can name a declaration.
func (p *plan) hidden(u *unit) bool {
	if u.pkg.Types != p.Package.Types || !p.Writable(u.path) || strings.HasSuffix(u.path, "_test.go") || len(u.names) == 0 {
		return false
	}
	for _, name := range u.names {
		last := name[strings.LastIndexByte(name, '.')+1:]
		if u.method || last == "init" || last == "main" || last == "_" || token.IsExported(last) && p.Package.Name != "main" {
			return u.method && p.isGone(u.receiver)
		}
	}
	return true
}

// orphaned reports whether deleted code alone refers to a declaration. Methods go
// with their type.
func (p *plan) orphaned(u *unit) bool {
	if u.method {
		return true
	}
	by := false
	for _, other := range p.units {
		if other == u || other.method && slices.Contains(u.names, other.receiver) {
			continue
		}
		if other.mentions(u.names) {
			if !p.gone[other] {
				return false
			}
			by = true
		}
	}
	return by
}

func (p *plan) result() (*Result, []Obstacle, error) {
	r := &Result{Edits: p.edits}
	byDecl := map[*ast.GenDecl][]*unit{}
	for _, u := range p.units {
		if !p.gone[u] {
			continue
		}
		for _, name := range u.names {
			r.Exported = r.Exported || token.IsExported(name[strings.LastIndexByte(name, '.')+1:])
		}
		if u.decl != nil && len(u.decl.Specs) > 1 {
			byDecl[u.decl] = append(byDecl[u.decl], u)
			continue
		}
		if err := p.cut(u, u.whole, u.doc); err != nil {
			return nil, nil, err
		}
	}
	for decl, units := range byDecl {
		if len(units) == len(decl.Specs) {
			if err := p.cut(units[0], decl, decl.Doc); err != nil {
				return nil, nil, err
			}
			continue
		}
		for _, u := range units {
			if err := p.cut(u, u.node, u.doc); err != nil {
				return nil, nil, err
			}
		}
	}
	return r, nil, nil
}

// cut deletes a declaration with its comments and the blank line behind it.
func (p *plan) cut(u *unit, n ast.Node, doc *ast.CommentGroup) error {
	src, err := p.Read(u.path)
	if err != nil {
		return err
	}
	pos, end := n.Pos(), n.End()
	if doc != nil {
		pos = doc.Pos()
	}
	if u.comment != nil {
		end = max(end, u.comment.End())
	}
	lines := edit.Lines(src, p.Program.Fset, pos, end)
	if n == u.whole {
		lines = edit.WithBlankLine(src, lines)
	}
	p.edits[u.path] = append(p.edits[u.path], lines)
	return nil
}

// generated reports whether wsmig fix wrote a file.
func generated(file *ast.File) bool {
	_, ok := bind.Generated(file)
	return ok
}
