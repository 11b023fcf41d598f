package driver

import (
	"context"
	"fmt"
	"go/types"
	"os"
	"reflect"

	"golang.org/x/tools/go/analysis"
)

// facts holds what analyzers exported, by object or package and type. Packages
// are analysed one after the other, so it needs no lock.
type facts map[factKey]analysis.Fact

type factKey struct {
	obj  types.Object
	pkg  *types.Package
	path string // instead of pkg, for variants that are not read from source
	typ  reflect.Type
}

func (f facts) get(key factKey, into analysis.Fact) bool {
	known, ok := f[key]
	if ok {
		reflect.ValueOf(into).Elem().Set(reflect.ValueOf(known).Elem())
	}
	return ok
}

// run applies analyzers to every package, dependencies first, and hands each
// package's results to done.
func (p *Program) run(ctx context.Context, suite []*analysis.Analyzer, done func(*Package, map[*analysis.Analyzer]any)) error {
	order := flatten(suite)
	reports := map[*analysis.Analyzer]bool{}
	for _, a := range suite {
		reports[a] = true
	}
	known := facts{}
	for _, pkg := range p.Packages {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if pkg.Types == nil {
			continue
		}
		pkg.Diagnostics = nil
		results := map[*analysis.Analyzer]any{}
		for _, a := range order {
			if err := p.apply(a, pkg, known, results, reports[a]); err != nil {
				pkg.Errors = append(pkg.Errors, err)
			}
		}
		done(pkg, results)
	}
	return nil
}

// flatten lists analyzers after those that they require.
func flatten(suite []*analysis.Analyzer) []*analysis.Analyzer {
	var out []*analysis.Analyzer
	seen := map[*analysis.Analyzer]bool{}
	var visit func(a *analysis.Analyzer)
	visit = func(a *analysis.Analyzer) {
		if seen[a] {
			return
		}
		seen[a] = true
		for _, r := range a.Requires {
			visit(r)
		}
		out = append(out, a)
	}
	for _, a := range suite {
		visit(a)
	}
	return out
}

// apply runs one analyzer. A panic in it costs the package this analyzer's
// findings, not the user the whole run.
func (p *Program) apply(a *analysis.Analyzer, pkg *Package, known facts, results map[*analysis.Analyzer]any, reports bool) (err error) {
	for _, r := range a.Requires {
		if _, ok := results[r]; !ok {
			return nil // it failed, and said so
		}
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("analyzer %s failed on %s: %v", a.Name, pkg.Path, r)
		}
	}()
	pass := p.pass(a, pkg, known, reports)
	for _, r := range a.Requires {
		pass.ResultOf[r] = results[r]
	}
	result, err := a.Run(pass)
	if err != nil {
		return fmt.Errorf("analyzer %s: %w", a.Name, err)
	}
	results[a] = result
	return nil
}

func (p *Program) pass(a *analysis.Analyzer, pkg *Package, known facts, reports bool) *analysis.Pass {
	pass := &analysis.Pass{
		Analyzer: a, Fset: p.Fset, Files: pkg.Files, Pkg: pkg.Types, TypesInfo: pkg.Info, TypesSizes: pkg.Sizes,
		Module: pkg.Module, ResultOf: map[*analysis.Analyzer]any{}, ReadFile: p.readFile,
	}
	pass.Report = func(d analysis.Diagnostic) {
		if reports {
			pkg.Diagnostics = append(pkg.Diagnostics, Diagnostic{a, d})
		}
	}
	pass.ImportObjectFact = func(obj types.Object, f analysis.Fact) bool {
		return known.get(factKey{obj: p.original(obj), typ: reflect.TypeOf(f)}, f)
	}
	pass.ExportObjectFact = func(obj types.Object, f analysis.Fact) {
		known[factKey{obj: obj, typ: reflect.TypeOf(f)}] = f
	}
	pass.ImportPackageFact = func(of *types.Package, f analysis.Fact) bool {
		typ := reflect.TypeOf(f)
		return known.get(factKey{pkg: of, typ: typ}, f) || known.get(factKey{path: of.Path(), typ: typ}, f)
	}
	pass.ExportPackageFact = func(f analysis.Fact) {
		typ := reflect.TypeOf(f)
		known[factKey{pkg: pkg.Types, typ: typ}] = f
		if pkg.ForTest == "" {
			// A package that tests made the go command build anew is read from export
			// data; what is known of the original holds for it as well.
			known[factKey{path: pkg.Types.Path(), typ: typ}] = f
		}
	}
	// No analyzer of the suite asks for these.
	pass.AllObjectFacts = func() []analysis.ObjectFact { return nil }
	pass.AllPackageFacts = func() []analysis.PackageFact { return nil }
	return pass
}

func (p *Program) readFile(name string) ([]byte, error) {
	if data, ok := p.config.Overlay[name]; ok {
		return data, nil
	}
	return os.ReadFile(name)
}
