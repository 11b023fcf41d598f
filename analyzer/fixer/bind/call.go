package bind

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// File is one source file of a package being rewritten. It remembers the names
// that rewrites have used up, so one value serves for all of a file's calls.
type File struct {
	Fset   *token.FileSet
	Syntax *ast.File
	Src    []byte
	Info   *types.Info
	Pkg    *types.Package

	names map[ast.Node]map[string]bool // by top-level declaration
}

func (f *File) offset(pos token.Pos) int { return f.Fset.Position(pos).Offset }

func (f *File) text(n ast.Node) string { return string(f.Src[f.offset(n.Pos()):f.offset(n.End())]) }

// Import is an import that edits rely on.
type Import struct {
	Path, Name string
}

// Rewrite is what binds one call.
type Rewrite struct {
	Edits   []edit.Edit
	Imports []Import
}

// Refusal says why a call can't be bound.
type Refusal string

func (r Refusal) Error() string { return string(r) }

// Call rewrites one call of an op into one on the emitter. The error is a
// Refusal.
func Call(f *File, call *ast.CallExpr, e *Emitter, o *Op) (*Rewrite, error) {
	c := &caller{File: f, call: call, emitter: e, op: o, out: &Rewrite{}}
	if reason := o.Unsupported(); reason != "" {
		return nil, Refusal(reason)
	}
	if err := c.checkArguments(); err != nil {
		return nil, err
	}
	if err := c.insertEmitter(); err != nil {
		return nil, err
	}
	c.removeKey()
	return c.out, nil
}

type caller struct {
	*File
	call    *ast.CallExpr
	send    *ast.SendStmt // what call stands for, nil for calls
	emitter *Emitter
	op      *Op
	out     *Rewrite
	several bool           // it goes to a list of addressees
	hoisted []int          // arguments that get a variable of their own before the statement
	locals  map[int]string // the names of those variables
}

func (c *caller) edit(start, end int, text string) {
	c.out.Edits = append(c.out.Edits, edit.Edit{Start: start, End: end, New: text})
}

// checkArguments sees to it that the addressee is evaluated when it is now: where
// moving it in front of the other arguments would show, those are evaluated in
// variables before, or the call is refused.
func (c *caller) checkArguments() error {
	args := c.call.Args
	if len(args) == 1 && c.op.signature().Params().Len() > 1 {
		if _, tuple := c.Info.TypeOf(args[0]).(*types.Tuple); tuple {
			return Refusal("its arguments are the results of one call")
		}
	}
	for _, part := range c.op.Key {
		if part.Param >= len(args) {
			return Refusal("no addressee is given")
		}
		c.several = c.several || c.only(part) == nil
		first, last := c.keyArgs(part)
		for i, earlier := range args[:first] {
			stays := func(key ast.Expr) bool { return !c.moveable(key, earlier) }
			if !c.isKey(i) && slices.ContainsFunc(args[first:last+1], stays) && !slices.Contains(c.hoisted, i) {
				c.hoisted = append(c.hoisted, i)
			}
		}
		if part.Path != "" && c.madeHere(args[part.Param], part.Path) {
			c.hoistFor(part.Param)
		}
	}
	slices.Sort(c.hoisted)
	return c.hoist()
}

// moveable reports whether key can be evaluated before earlier without anyone
// noticing: one of them does nothing, and what key reads nobody can change.
func (c *caller) moveable(key, earlier ast.Expr) bool {
	if !c.acts(earlier) {
		return true
	}
	return !c.acts(key) && c.steady(key)
}

// acts reports whether evaluating the expression may do or wait for something.
func (c *caller) acts(expr ast.Expr) bool {
	found := false
	ast.Inspect(expr, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if tv := c.Info.Types[n.Fun]; !tv.IsType() && !tv.IsBuiltin() {
				found = true
			}
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// steady reports whether the value can't change while other arguments are
// evaluated: constants, and local variables with their fields that no closure and
// no pointer shares.
func (c *caller) steady(expr ast.Expr) bool {
	if c.Info.Types[expr].Value != nil {
		return true
	}
	switch expr := ast.Unparen(expr).(type) {
	case *ast.SelectorExpr:
		selection := c.Info.Selections[expr]
		return selection != nil && selection.Kind() == types.FieldVal && !selection.Indirect() && c.steady(expr.X)
	case *ast.Ident:
		v, ok := c.Info.ObjectOf(expr).(*types.Var)
		return ok && v.Parent() != nil && v.Parent() != c.Pkg.Scope() && v.Parent() != types.Universe && !c.shared(v)
	}
	return false
}

func (c *caller) shared(v *types.Var) bool {
	shared := false
	ast.Inspect(c.Syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			shared = shared || n.Op == token.AND && c.names(n.X, v)
		case *ast.FuncLit:
			shared = shared || v.Pos() < n.Pos() && c.assigns(n.Body, v)
		}
		return !shared
	})
	return shared
}

// names reports whether the expression is v or a field or element of it.
func (c *caller) names(expr ast.Expr, v *types.Var) bool {
	switch expr := ast.Unparen(expr).(type) {
	case *ast.Ident:
		return c.Info.ObjectOf(expr) == v
	case *ast.SelectorExpr:
		return c.names(expr.X, v)
	case *ast.IndexExpr:
		return c.names(expr.X, v)
	}
	return false
}

func (f *File) assigns(body ast.Node, v types.Object) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if ident, ok := ast.Unparen(left).(*ast.Ident); ok && f.Info.ObjectOf(ident) == v {
					found = true
				}
			}
		case *ast.IncDecStmt:
			if ident, ok := ast.Unparen(n.X).(*ast.Ident); ok && f.Info.ObjectOf(ident) == v {
				found = true
			}
		}
		return !found
	})
	return found
}

// removeKey deletes the arguments that were nothing but the addressee.
func (c *caller) removeKey() {
	args := c.call.Args
	for i := 0; i < len(args); i++ {
		if !c.isKey(i) {
			continue
		}
		last := i
		for last+1 < len(args) && c.isKey(last+1) {
			last++
		}
		c.removeArguments(i, last)
		i = last
	}
}

// removeArguments deletes arguments first to last and one comma. Comments between
// them and the next argument stay where they are.
func (c *caller) removeArguments(first, last int) {
	args := c.call.Args
	start, end := c.offset(args[first].Pos()), c.offset(args[last].End())
	if c.call.Ellipsis.IsValid() && last == len(args)-1 {
		end = c.offset(c.call.Ellipsis) + len("...")
	}
	switch {
	case last+1 < len(args):
		end = c.eatComma(end, c.offset(args[last+1].Pos()))
	case first > 0:
		gap := string(c.Src[c.offset(args[first-1].End()):start])
		if strings.TrimSpace(gap) == "," {
			start -= len(gap)
		} else if comma := strings.IndexByte(gap, ','); comma >= 0 {
			at := c.offset(args[first-1].End()) + comma
			c.edit(at, at+1, "")
		}
	default:
		open, shut := c.offset(c.call.Lparen)+1, c.offset(c.call.Rparen)
		behind := string(c.Src[end:shut])
		comma := strings.LastIndexByte(behind, ',')
		if strings.TrimSpace(string(c.Src[open:start])) == "" && strings.Trim(behind, ", \t\r\n") == "" {
			start, end = open, shut
		} else if comma >= 0 && strings.TrimSpace(behind[comma+1:]) == "" {
			c.edit(end+comma, end+comma+1, "")
		}
	}
	c.edit(start, end, "")
}

// eatComma returns how far to delete behind an argument that another one follows:
// up to that one, or as far as the first comment, whose comma then goes alone.
func (c *caller) eatComma(end, next int) int {
	gap := string(c.Src[end:next])
	if strings.TrimSpace(gap) == "," {
		return next
	}
	comma := strings.IndexByte(gap, ',')
	if before := strings.TrimLeft(gap[:comma], " \t"); before == "" {
		return end + comma + 1 + len(gap[comma+1:]) - len(strings.TrimLeft(gap[comma+1:], " \t"))
	}
	c.edit(end+comma, end+comma+1, "")
	return end + len(gap) - len(strings.TrimLeft(gap, " \t"))
}

// keyText is what EmitterFor is called with.
func (c *caller) keyText() (string, error) {
	var parts []string
	for i, part := range c.op.Key {
		if c.several {
			return c.listText(part), nil
		}
		text := c.text(c.only(part))
		if name := c.locals[part.Param]; name != "" && part.Path != "" {
			text = name + "." + part.Path
		} else if part.Path != "" {
			field, err := c.fieldText(c.call.Args[part.Param], part.Path)
			if err != nil {
				return "", err
			}
			text = field
		}
		if c.emitter.compound() {
			text = exported(c.emitter.Key[i].Name) + ": " + text
		}
		parts = append(parts, text)
	}
	if !c.emitter.compound() {
		return parts[0], nil
	}
	return c.qualifier() + c.emitter.Recipient + "{" + strings.Join(parts, ", ") + "}", nil
}

// fieldText spells the field of an argument that stays an argument too, so it
// must be the same however often it is read.
func (c *caller) fieldText(arg ast.Expr, path string) (string, error) {
	inner := ast.Unparen(arg)
	if address, ok := inner.(*ast.UnaryExpr); ok && address.Op == token.AND {
		inner = ast.Unparen(address.X) // &m names the same fields as m
	}
	first, rest, _ := strings.Cut(path, ".")
	if lit, ok := inner.(*ast.CompositeLit); ok {
		value := literalField(lit, first)
		switch {
		case value == nil:
			return "", Refusal("the message is made without naming its addressee")
		case rest != "":
			return c.fieldText(value, rest)
		case c.acts(value):
			return "", Refusal("the addressee is computed inside the message")
		}
		return c.text(value), nil
	}
	if c.acts(inner) {
		return "", Refusal("the message comes from a call, its addressee is not known before")
	}
	switch inner.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr:
		return c.text(inner) + "." + path, nil
	}
	return "(" + c.text(inner) + ")." + path, nil
}

func literalField(lit *ast.CompositeLit, name string) ast.Expr {
	for _, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if ident, ok := kv.Key.(*ast.Ident); ok && ident.Name == name {
				return kv.Value
			}
		}
	}
	return nil
}

// qualifier is what this file puts before names of the emitter's package. Where
// the package is not imported, the rewrite asks for that.
func (c *caller) qualifier() string {
	if c.Pkg.Path() == c.emitter.Pkg.Path() {
		return ""
	}
	for _, spec := range c.Syntax.Imports {
		name := c.importName(spec)
		if name == nil || name.Imported().Path() != c.emitter.Pkg.Path() || name.Name() == "_" {
			continue
		}
		if name.Name() == "." {
			return ""
		}
		if _, obj := c.scopeAt(c.call.Pos()).LookupParent(name.Name(), c.call.Pos()); obj == name {
			return name.Name() + "."
		}
	}
	name := c.freshAt(c.call, c.emitter.Pkg.Name())
	imported := Import{Path: c.emitter.Pkg.Path()}
	if name != c.emitter.Pkg.Name() {
		imported.Name = name
	}
	c.out.Imports = append(c.out.Imports, imported)
	return name + "."
}

func (c *caller) importName(spec *ast.ImportSpec) *types.PkgName {
	if spec.Name != nil {
		name, _ := c.Info.Defs[spec.Name].(*types.PkgName)
		return name
	}
	name, _ := c.Info.Implicits[spec].(*types.PkgName)
	return name
}

func (f *File) scopeAt(pos token.Pos) *types.Scope {
	if file := f.Info.Scopes[f.Syntax]; file != nil {
		if inner := file.Innermost(pos); inner != nil {
			return inner
		}
		return file
	}
	return f.Pkg.Scope()
}

// insertEmitter puts the emitter between the manager and the method.
func (c *caller) insertEmitter() error {
	key, err := c.keyText()
	if err != nil {
		return err
	}
	method := c.emitter.Method(c.op)
	made := c.maker() + "(" + key + ")"
	switch fun := ast.Unparen(c.call.Fun).(type) {
	case *ast.Ident: // a function of this package, or one that is dot-imported
		c.edit(c.offset(fun.Pos()), c.offset(fun.End()), made+"."+method)
		return nil
	case *ast.SelectorExpr:
		if c.isPackage(fun.X) {
			c.edit(c.offset(fun.Sel.Pos()), c.offset(fun.Sel.End()), made+"."+method)
			return nil
		}
		return c.onManager(fun, made, method)
	}
	return Refusal("it is called through a value")
}

// maker is the function or method that makes the emitter.
func (c *caller) maker() string {
	if c.several {
		return c.emitter.ListFor()
	}
	return c.emitter.For
}

func (c *caller) isPackage(expr ast.Expr) bool {
	ident, ok := expr.(*ast.Ident)
	if !ok {
		return false
	}
	_, ok = c.Info.Uses[ident].(*types.PkgName)
	return ok
}

// onManager rewrites X.Send(...). Where X is a plain call of the accessor, the
// package's own EmitterFor takes its place.
func (c *caller) onManager(fun *ast.SelectorExpr, made, method string) error {
	if method != fun.Sel.Name {
		c.edit(c.offset(fun.Sel.Pos()), c.offset(fun.Sel.End()), method)
	}
	if head, end, ok := c.accessor(fun.X); ok {
		c.edit(head, end, made)
		return nil
	}
	if c.emitter.byInterface() {
		return Refusal("its manager is behind an interface")
	}
	at := c.offset(fun.X.End())
	c.edit(at, at, "."+made)
	return nil
}

// accessor returns the bytes of the accessor's call, without its package, when
// expr is nothing else.
func (c *caller) accessor(expr ast.Expr) (start, end int, ok bool) {
	name, call := strings.CutSuffix(c.emitter.Accessor, "()")
	inner := expr
	if call {
		got, isCall := inner.(*ast.CallExpr)
		if !isCall || len(got.Args) > 0 {
			return 0, 0, false
		}
		inner = got.Fun
	} else if !c.emitter.byInterface() {
		return 0, 0, false // a variable takes the method as it stands
	}
	ident, _ := inner.(*ast.Ident)
	if sel, isSel := inner.(*ast.SelectorExpr); isSel && c.isPackage(sel.X) {
		ident = sel.Sel
	}
	if ident == nil || name != ident.Name {
		return 0, 0, false
	}
	obj := c.Info.Uses[ident]
	if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != c.emitter.Pkg.Path() || obj.Parent() != obj.Pkg().Scope() {
		return 0, 0, false
	}
	return c.offset(ident.Pos()), c.offset(expr.End()), true
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
