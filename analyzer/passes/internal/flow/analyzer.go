// Package flow follows values through Go code without executing it: where a
// connection comes from, which registry it is taken from and by which key, what a
// function does with its parameters, and what becomes of a value sent on a
// channel. It works on typed syntax, copes with code that does not type-check in
// full, and summarizes functions so that callers in other packages can build on
// them through facts.
package flow

import (
	"go/ast"
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// Options are what the analysis of every package of a run has in common.
type Options struct {
	Conns []string // further connection types, "path.Name"

	// Closed is what is known of the whole program beyond the packages below the
	// one at hand, such as the implementations of an interface that its importers
	// hold. Nil outside drivers that see the whole program.
	Closed func() []*Unit

	_ struct{}
}

// New returns the analyzer, whose result is a *Package.
func New(opts *Options) *analysis.Analyzer {
	if opts == nil {
		opts = &Options{}
	}
	return &analysis.Analyzer{
		Name:             "wsmigflow",
		Doc:              "summarize what functions do with connections (used by the other analyzers)",
		Run:              opts.run,
		RunDespiteErrors: true,
		ResultType:       reflect.TypeFor[*Package](),
		FactTypes:        []analysis.Fact{new(Fact)},
	}
}

func (o *Options) run(pass *analysis.Pass) (any, error) {
	if o.skips(pass) {
		return NewPackage(pass.Fset, nil, pass.Pkg, pass.TypesInfo, conns.New("", false, nil), NewWorld()), nil
	}
	module, gobwas := conns.Owner(pass.Pkg.Path()), false
	if pass.Module != nil && pass.Module.Path != "" {
		module = pass.Module.Path
	}
	var facts []*Fact
	for _, imp := range pass.Pkg.Imports() {
		gobwas = gobwas || conns.Gobwas(imp.Path())
		fact := new(Fact)
		if pass.ImportPackageFact(imp, fact) {
			facts = append(facts, fact)
		}
	}
	units := Merge(nil, facts)
	if o.Closed != nil {
		units = append(o.Closed(), units...)
	}
	p := NewPackage(pass.Fset, pass.Files, pass.Pkg, pass.TypesInfo, conns.New(module, gobwas, o.Conns), NewWorld(units...))
	if fact := (&Fact{Units: Merge(p.Unit(), facts)}); len(fact.Units) > 0 {
		pass.ExportPackageFact(fact)
	}
	return p, nil
}

// skips reports whether the package belongs to somebody else: to the standard
// library, or to another module. Nothing in it is reported, and what matters of it
// is in the catalog of libraries.
func (o *Options) skips(pass *analysis.Pass) bool {
	path := pass.Pkg.Path()
	if pass.Module != nil && pass.Module.Path != "" {
		return pass.Module.Version != ""
	}
	return conns.Std(path) || conns.Known(path) || strings.HasPrefix(path, "vendor/")
}

// Funcs lists the functions of the package that have a body, in source order.
func (p *Package) Funcs() []*types.Func {
	out := make([]*types.Func, len(p.order))
	for i, f := range p.order {
		out[i] = f.obj
	}
	return out
}

// Decl is the declaration of a function of this package.
func (p *Package) Decl(f *types.Func) *ast.FuncDecl {
	if own := p.funcs[f.Origin()]; own != nil {
		return own.decl
	}
	return nil
}

// Body returns what the body of a function of this package does, in its own
// terms: parameters are Param, elements know the expression that picked them.
func (p *Package) Body(f *types.Func) []*Effect {
	own := p.funcs[f.Origin()]
	if own == nil {
		return nil
	}
	p.summarize(own)
	return p.bodyOf(own)
}

// Definitions returns the expressions that a variable is set to in this package.
func (p *Package) Definitions(v *types.Var) []ast.Expr {
	var out []ast.Expr
	for _, d := range p.defs[v] {
		if d.kind == defExpr && d.index == 0 {
			out = append(out, d.expr)
		}
	}
	return out
}
