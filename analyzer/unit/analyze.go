package unit

import (
	"bytes"
	"fmt"
	"go/types"
	"io"
	"os"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// reader gives types from a fact file the form that export data has.
func reader(data []byte) io.Reader {
	return io.MultiReader(bytes.NewReader([]byte("i")), bytes.NewReader(data))
}

// flatten lists analyzers after those that they require.
func flatten(suite []*analysis.Analyzer) []*analysis.Analyzer {
	var out []*analysis.Analyzer
	var visit func(a *analysis.Analyzer)
	visit = func(a *analysis.Analyzer) {
		if slices.Contains(out, a) {
			return
		}
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

// analyze runs the analyzers, and what they require, in order. All of them run for
// the sake of facts; flags only choose whose words are printed.
func (j *job) analyze() {
	results := map[*analysis.Analyzer]any{}
	failed := map[*analysis.Analyzer]error{}
	for _, a := range flatten(j.suite) {
		r := report{analyzer: a}
		pass := j.pass(a, &r)
		for _, req := range a.Requires {
			pass.ResultOf[req] = results[req]
			if failed[req] != nil {
				r.err = fmt.Errorf("analyzer %s failed", req.Name)
			}
		}
		if r.err == nil {
			results[a], r.err = guarded(a, pass)
		}
		failed[a] = r.err
		if found, ok := results[a].(*singleton.Result); ok {
			j.result = found
		}
		if slices.Contains(j.suite, a) {
			j.reports = append(j.reports, r)
		}
	}
	if len(j.suite) > 0 {
		j.result, _ = results[j.suite[0]].(*singleton.Result)
	}
	picked := j.opts.chosen(j.suite)
	j.reports = slices.DeleteFunc(j.reports, func(r report) bool { return !slices.Contains(picked, r.analyzer) })
}

// guarded turns a panic of an analyzer into an error of this package.
func guarded(a *analysis.Analyzer, pass *analysis.Pass) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("analyzer %s failed: %v", a.Name, r)
		}
	}()
	return a.Run(pass)
}

func (j *job) pass(a *analysis.Analyzer, r *report) *analysis.Pass {
	f := j.facts
	return &analysis.Pass{
		Analyzer: a, Fset: j.fset, Files: j.files, OtherFiles: j.cfg.NonGoFiles, IgnoredFiles: j.cfg.IgnoredFiles,
		Pkg: j.pkg, TypesInfo: j.info, TypesSizes: j.sizes, Module: j.cfg.module(),
		ResultOf: map[*analysis.Analyzer]any{}, ReadFile: os.ReadFile,
		Report: func(d analysis.Diagnostic) { r.diagnostics = append(r.diagnostics, d) },
		ImportObjectFact: func(obj types.Object, into analysis.Fact) bool {
			return f.get(factKey{obj.Pkg(), obj, reflect.TypeOf(into)}, into)
		},
		ExportObjectFact: func(obj types.Object, fact analysis.Fact) {
			f.m[factKey{obj.Pkg(), obj, reflect.TypeOf(fact)}] = fact
		},
		ImportPackageFact: func(pkg *types.Package, into analysis.Fact) bool {
			return f.get(factKey{pkg: pkg, typ: reflect.TypeOf(into)}, into)
		},
		ExportPackageFact: func(fact analysis.Fact) {
			f.m[factKey{pkg: j.pkg, typ: reflect.TypeOf(fact)}] = fact
		},
		AllObjectFacts:  func() []analysis.ObjectFact { return f.objects(a) },
		AllPackageFacts: func() []analysis.PackageFact { return f.packages(a) },
	}
}

// objects lists the facts of an analyzer about objects.
func (f *facts) objects(a *analysis.Analyzer) []analysis.ObjectFact {
	var out []analysis.ObjectFact
	for key, fact := range f.m {
		if key.obj != nil && owns(a, key.typ) {
			out = append(out, analysis.ObjectFact{Object: key.obj, Fact: fact})
		}
	}
	return out
}

// packages lists the facts of an analyzer about packages.
func (f *facts) packages(a *analysis.Analyzer) []analysis.PackageFact {
	var out []analysis.PackageFact
	for key, fact := range f.m {
		if key.obj == nil && owns(a, key.typ) {
			out = append(out, analysis.PackageFact{Package: key.pkg, Fact: fact})
		}
	}
	return out
}

func owns(a *analysis.Analyzer, t reflect.Type) bool {
	return slices.ContainsFunc(a.FactTypes, func(f analysis.Fact) bool { return reflect.TypeOf(f) == t })
}
