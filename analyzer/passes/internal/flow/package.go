package flow

import (
	"go/ast"
	"go/token"
	"go/types"
	"sync"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// Package is one package under analysis. Its values are computed on demand and
// remembered. It is not safe for concurrent use.
type Package struct {
	Fset    *token.FileSet
	Files   []*ast.File
	Types   *types.Package
	Info    *types.Info
	Catalog *conns.Catalog
	World   *World // what is known of other packages

	funcs     map[*types.Func]*fn
	order     []*fn // declared functions in source order
	lits      map[*ast.FuncLit]*fn
	params    map[*types.Var]param
	defs      map[types.Object][]def
	fields    map[*types.Var][]ast.Expr
	localSets map[types.Object]map[string][]ast.Expr
	contents  map[types.Object][]content
	kept      map[*types.Var]kept // where channels of local variables are put
	owners    map[*types.Var]string

	memo    map[ast.Expr]Set
	results map[*ast.CallExpr][]Set
	busy    map[ast.Expr]bool
	draft   map[ast.Expr]Set
	cut     bool
	depth   int
	steps   int
	effects map[ast.Node][]*Effect

	running   map[*fn]bool
	consumers map[string][]*Effect
	impls     map[string][]string
	unit      *Unit
	open      map[string]bool
	locators  map[string]*ast.CallExpr // types that a service locator is told how to make
	core      bool
	coreOnce  sync.Once
}

// fn is a declared function or a function literal.
type fn struct {
	name    string // "path.F" or "path.(T).M"
	obj     *types.Func
	decl    *ast.FuncDecl
	lit     *ast.FuncLit
	body    *ast.BlockStmt
	sig     *types.Signature
	returns []*ast.ReturnStmt
	context callContext // of a literal: what is done with it

	summary  *Summary
	building bool
	effects  []*Effect
	read     bool
	traces   traces
	touching answer
}

// callContext tells where a function literal appears.
type callContext struct {
	call *ast.CallExpr // the call that it is an argument or the function of
	arg  int           // argument index, -1 when it is itself called
	held types.Object  // the local variable that it is assigned to

	calls []*ast.CallExpr // where it is called by that variable
}

type param struct {
	fn    *fn
	index int
}

type defKind uint8

const (
	defExpr     defKind = iota // the value of expr, or its result number index
	defRangeKey                // a key of expr
	defRangeVal                // an element of expr
	defOK                      // the second value of an index, assertion or receive
	defDecode                  // filled by the call expr from its other operands
)

type def struct {
	kind  defKind
	expr  ast.Expr
	index int
}

// kept is a place where a channel is put for others to find: a field, or an element.
type kept struct {
	field *types.Var
	in    *ast.IndexExpr
}

// content is one store into a local container.
type content struct{ key, val ast.Expr }

// NewPackage prepares a package: it indexes definitions but computes nothing yet.
func NewPackage(fset *token.FileSet, files []*ast.File, pkg *types.Package, info *types.Info, catalog *conns.Catalog, world *World) *Package {
	p := &Package{
		Fset: fset, Files: files, Types: pkg, Info: info, Catalog: catalog, World: world,
		funcs: map[*types.Func]*fn{}, lits: map[*ast.FuncLit]*fn{}, params: map[*types.Var]param{},
		defs: map[types.Object][]def{}, fields: map[*types.Var][]ast.Expr{},
		localSets: map[types.Object]map[string][]ast.Expr{}, contents: map[types.Object][]content{}, kept: map[*types.Var]kept{},
		owners: map[*types.Var]string{}, memo: map[ast.Expr]Set{}, results: map[*ast.CallExpr][]Set{}, busy: map[ast.Expr]bool{}, draft: map[ast.Expr]Set{},
		effects: map[ast.Node][]*Effect{}, open: map[string]bool{}, running: map[*fn]bool{}, locators: map[string]*ast.CallExpr{},
	}
	p.indexOwners()
	for _, file := range files {
		(&collector{p: p}).file(file)
	}
	return p
}

// Forget gives up what was remembered of expressions and bodies, for drivers that keep
// many packages: most of what a package takes. Summaries stay, and with them Unit, Open
// and FuncSummary; what else is asked for afterwards is computed again. EffectsAt knows
// nothing of a function until its Body has been.
func (p *Package) Forget() {
	p.memo, p.results, p.effects, p.consumers = map[ast.Expr]Set{}, map[*ast.CallExpr][]Set{}, map[ast.Node][]*Effect{}, nil
	for _, f := range p.funcs {
		f.effects, f.read = nil, false
	}
	for _, f := range p.lits {
		f.effects, f.read = nil, false
	}
}

// indexOwners names the fields of the package's structs after their type, so that
// a channel in a field has one name wherever it is met.
func (p *Package) indexOwners() {
	scope := p.Types.Scope()
	for _, name := range scope.Names() {
		obj := scope.Lookup(name)
		switch obj.(type) {
		case *types.TypeName, *types.Var:
			p.indexFields(p.Types.Path()+"."+name, obj.Type(), 0)
		}
	}
}

func (p *Package) indexFields(prefix string, t types.Type, depth int) {
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if depth > 0 || named.Obj().Pkg() != p.Types {
			return
		}
		t = named.Underlying()
	}
	st, ok := t.(*types.Struct)
	if !ok || depth > 3 {
		return
	}
	for f := range st.Fields() {
		if _, seen := p.owners[f]; !seen {
			p.owners[f] = prefix + "." + f.Name()
			p.indexFields(prefix+"."+f.Name(), f.Type(), depth+1)
		}
	}
}

// FuncName is the name of a function across packages.
func FuncName(f *types.Func) string {
	f = f.Origin()
	path := ""
	if f.Pkg() != nil {
		path = conns.CleanPath(f.Pkg().Path())
	}
	recv := f.Signature().Recv()
	if recv == nil {
		return path + "." + f.Name()
	}
	named := conns.Named(recv.Type())
	if named == nil {
		return path + ".(?)." + f.Name()
	}
	if named.Obj().Pkg() != nil {
		path = conns.CleanPath(named.Obj().Pkg().Path())
	}
	return path + ".(" + named.Obj().Name() + ")." + f.Name()
}

// VarName is the name of a package variable across packages.
func VarName(v *types.Var) string {
	if v.Pkg() == nil {
		return v.Name()
	}
	return conns.CleanPath(v.Pkg().Path()) + "." + v.Name()
}

// IsPackageVar reports whether v is a package variable.
func IsPackageVar(v *types.Var) bool {
	return v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}

// TypeOf is the type of e, nil when it has none.
func (p *Package) TypeOf(e ast.Expr) types.Type {
	if t := p.Info.TypeOf(e); t != nil && t != types.Typ[types.Invalid] {
		return t
	}
	return nil
}

// Empty reports whether e is a zero, an empty text or nil, written down.
func (p *Package) Empty(e ast.Expr) bool {
	tv := p.Info.Types[e]
	return tv.IsNil() || tv.Value != nil && (tv.Value.ExactString() == "0" || tv.Value.ExactString() == `""`)
}

// ObjectOf is the object that an identifier or selector names.
func (p *Package) ObjectOf(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if obj := p.Info.Defs[e]; obj != nil {
			return obj
		}
		return p.Info.Uses[e]
	case *ast.SelectorExpr:
		if sel := p.Info.Selections[e]; sel != nil {
			return sel.Obj()
		}
		return p.Info.Uses[e.Sel]
	case *ast.IndexExpr:
		return p.ObjectOf(e.X)
	case *ast.IndexListExpr:
		return p.ObjectOf(e.X)
	}
	return nil
}
