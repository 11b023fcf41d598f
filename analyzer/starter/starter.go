// Package starter writes a first .wsmig.yaml from what lint found: the managers, what
// their functions do, and by which parameter they pick the receiver. The file says
// what lint finds out by itself, so that it changes nothing until somebody edits it.
package starter

import (
	"context"
	"fmt"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// File is a configuration that is ready to be written.
type File struct {
	Text       []byte
	Singletons int // managers that count
	Failed     []findings.FailedPackage
}

// Run analyses the program and makes the file. It analyses once more with the file in
// force; settings with which anything comes out differently are left as comments.
func Run(ctx context.Context, cfg *driver.Config) (*File, error) {
	before, p, err := lint(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	d := &draft{result: before, functions: functions(p), live: true}
	parsed, err := config.Parse(d.text(), analyzer.Rules())
	if err != nil {
		return nil, fmt.Errorf("the file would not be read: %w", err)
	}
	after, _, err := lint(ctx, cfg, parsed)
	if err != nil {
		return nil, err
	}
	d.live = same(before, after)
	count := 0
	for _, s := range before.Singletons {
		if s.Severity != findings.Info {
			count++
		}
	}
	return &File{Text: d.text(), Singletons: count, Failed: p.Failed}, nil
}

// lint runs the analyzers with settings that are in no file yet.
func lint(ctx context.Context, cfg *driver.Config, settings *config.Config) (*findings.Result, *driver.Program, error) {
	once := *cfg
	once.Settings = config.NewTree(analyzer.Rules())
	if settings != nil {
		once.Settings.Use(cfg.Dir, settings)
	}
	p, err := driver.Load(ctx, &once)
	if err != nil {
		return nil, nil, err
	}
	if err := p.Analyze(ctx); err != nil {
		return nil, nil, err
	}
	return p.Findings(), p, nil
}

func same(a, b *findings.Result) bool {
	return slices.EqualFunc(a.Findings, b.Findings, func(x, y findings.Finding) bool { return fmt.Sprint(x) == fmt.Sprint(y) }) && fmt.Sprint(a.Singletons) == fmt.Sprint(b.Singletons)
}

// function is one that sends to whom a parameter picks.
type function struct {
	name      string
	role      findings.Role
	addressee int
	parameter string
	in        string // import path
}

// functions are those of packages that declare a manager, by name.
func functions(p *driver.Program) []function {
	var out []function
	for _, pkg := range p.Packages {
		if !pkg.Root || pkg.Result == nil || pkg.ForTest != "" || len(pkg.Result.Singletons) == 0 {
			continue
		}
		for fn, f := range pkg.Result.Funcs {
			if one, ok := sender(fn, f); ok {
				one.in = pkg.Path
				out = append(out, one)
			}
		}
	}
	slices.SortFunc(out, func(a, b function) int { return strings.Compare(a.name, b.name) })
	return out
}

func sender(fn *types.Func, f *singleton.Func) (function, bool) {
	switch f.Role {
	case findings.UserSend, findings.ConnSend, findings.RoomSend:
	default:
		return function{}, false
	}
	if !fn.Exported() || len(f.Keys) != 1 || f.Keys[0].Index < 1 || len(f.Keys[0].Path) > 0 {
		return function{}, false
	}
	key := f.Keys[0]
	out := function{name: nameOf(fn), role: f.Role, addressee: key.Index}
	if params := fn.Signature().Params(); key.Index <= params.Len() {
		out.parameter = params.At(key.Index - 1).Name()
	}
	return out, true
}

// nameOf is the name of a function as .wsmig.yaml writes it.
func nameOf(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return fn.Pkg().Path() + "." + fn.Name()
	}
	t := types.Unalias(recv.Type())
	if ptr, ok := t.(*types.Pointer); ok {
		t = types.Unalias(ptr.Elem())
	}
	named, ok := t.(*types.Named)
	if !ok {
		return fn.Pkg().Path() + "." + fn.Name()
	}
	return fn.Pkg().Path() + ".(" + named.Obj().Name() + ")." + fn.Name()
}
