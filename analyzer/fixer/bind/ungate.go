package bind

import (
	"go/ast"
	"go/format"
	"go/token"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// Ungate rewrites a generated file for a manager whose connections have moved: its
// sends need no turn any more, and its factory is declared elsewhere, by the
// function of that name. Methods that were edited by hand, and stateful pairs, go
// on using the gate.
func Ungate(text []byte, factory string) ([]byte, error) {
	p, err := parse(text)
	if err != nil {
		return nil, err
	}
	u := &ungater{parsed: p}
	for _, decl := range p.syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil && !u.method(fn) && strings.Contains(p.source(fn), "gate().") {
			u.needed = true
		}
	}
	for _, decl := range p.syntax.Decls {
		u.shared(decl, factory)
	}
	out, err := edit.Apply(text, u.edits)
	if err != nil {
		return nil, err
	}
	if out, err = withoutUnused(out); err != nil {
		return nil, err
	}
	return format.Source(out)
}

type ungater struct {
	*parsed
	edits  []edit.Edit
	needed bool // the gate stays
}

func (u *ungater) at(pos token.Pos) int { return u.fset.Position(pos).Offset }

func (u *ungater) code(n ast.Node) string { return string(u.text[u.at(n.Pos()):u.at(n.End())]) }

func (u *ungater) replace(from, to token.Pos, text string) {
	u.edits = append(u.edits, edit.Edit{Start: u.at(from), End: u.at(to), New: text})
}

// method takes `gate().Do(e, func() { ... })` off a method; false when it is not
// written like that.
func (u *ungater) method(fn *ast.FuncDecl) bool {
	i := slices.IndexFunc(fn.Body.List, func(stmt ast.Stmt) bool { return u.turn(stmt) != nil })
	if i < 0 {
		return false
	}
	send := u.turn(fn.Body.List[i])
	text := u.code(send)
	if assign, ok := send.(*ast.AssignStmt); ok {
		text = "return " + u.code(assign.Rhs[0])
	}
	u.replace(fn.Body.List[i].Pos(), fn.Body.List[len(fn.Body.List)-1].End(), text)
	if i == 0 && fn.Type.Results != nil {
		u.unname(fn.Type.Results)
	}
	return true
}

// turn is the statement inside a call of the gate's Do, or DoAll.
func (u *ungater) turn(stmt ast.Stmt) ast.Stmt {
	es, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return nil
	}
	call, ok := es.X.(*ast.CallExpr)
	if !ok || len(call.Args) != 2 || !strings.HasSuffix(strings.TrimSuffix(u.code(call.Fun), "All"), "().Do") {
		return nil
	}
	lit, ok := call.Args[1].(*ast.FuncLit)
	if !ok || len(lit.Body.List) != 1 {
		return nil
	}
	return lit.Body.List[0]
}

// unname leaves only the types of a list of results.
func (u *ungater) unname(results *ast.FieldList) {
	var types []string
	for _, field := range results.List {
		for range max(len(field.Names), 1) {
			types = append(types, u.code(field.Type))
		}
	}
	text := strings.Join(types, ", ")
	if len(types) > 1 {
		text = "(" + text + ")"
	}
	u.replace(results.Pos(), results.End(), text)
}

// shared removes what the file says about its factory, and points the gate to the
// one that is declared elsewhere, if it is still needed.
func (u *ungater) shared(decl ast.Decl, factory string) {
	name := strings.TrimRight(declared(decl), "0123456789")
	switch fn, _ := decl.(*ast.FuncDecl); {
	case fn != nil && fn.Recv != nil:
		if !u.waited(fn) {
			u.remove(decl)
		}
		return
	case name == "gate" && u.needed:
		body := fn.Body.List
		u.replace(body[0].Pos(), body[len(body)-1].End(), "return "+factory+"()."+u.gateCall(fn))
		return
	case name == "UseFactory", name == "factory", name == "ownFactory", name == "gate":
		u.remove(decl)
	}
}

func (u *ungater) remove(decl ast.Decl) {
	start := strings.Index(string(u.text), u.source(decl))
	u.edits = append(u.edits, edit.Edit{Start: start, End: u.at(decl.End())})
}

// waited is false for the method that lists the turns of several addressees, once
// nothing asks for them.
func (u *ungater) waited(fn *ast.FuncDecl) bool {
	of, name, _ := strings.Cut(declared(fn), ".")
	turns := strings.HasPrefix(name, "turns") && strings.HasSuffix(strings.TrimRight(of, "0123456789"), "Emitters")
	return !turns || u.needed
}

// gateCall is the call that gives the gate its name.
func (u *ungater) gateCall(fn *ast.FuncDecl) string {
	text := u.code(fn.Body)
	start := strings.LastIndex(text, "Gate(")
	return text[start : start+strings.IndexByte(text[start:], ')')+1]
}

// withoutUnused drops the imports that nothing in the file names.
func withoutUnused(text []byte) ([]byte, error) {
	p, err := parse(text)
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	ast.Inspect(p.syntax, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if ident, ok := sel.X.(*ast.Ident); ok {
				used[ident.Name] = true
			}
		}
		return true
	})
	for _, spec := range p.syntax.Imports {
		path := strings.Trim(spec.Path.Value, `"`)
		name, local := "", path[strings.LastIndexByte(path, '/')+1:]
		if spec.Name != nil {
			name, local = spec.Name.Name, spec.Name.Name
		}
		if used[local] {
			continue
		}
		edits, err := edit.RemoveImport(text, path, name)
		if err != nil {
			return nil, err
		}
		if text, err = edit.Apply(text, edits); err != nil {
			return nil, err
		}
	}
	return text, nil
}
