package flow

import (
	"go/ast"
	"go/types"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// site is one call with its operands evaluated.
type site struct {
	p    *Package
	call *ast.CallExpr
	fn   *types.Func // nil for calls of function values
	recv Set         // receiver, nil for functions
	args []Set
	acts bool // effects are wanted, not results
}

// outcome is what a call gives and does.
type outcome struct {
	results []Set
	effects []*Effect
}

// Call returns the values that a call results in. They are remembered unless
// recursion cut them short: each use of a variable that is one of several results
// asks again.
func (p *Package) Call(call *ast.CallExpr) []Set {
	if known, ok := p.results[call]; ok {
		return known
	}
	outer := p.cut
	p.cut = false
	results := p.resolve(call, false).results
	if !p.cut {
		p.results[call] = results
	}
	p.cut = p.cut || outer
	return results
}

// resolve evaluates a call, for its results or for its effects: by a model of the library, by the summaries of the
// functions that it may reach, or not at all.
func (p *Package) resolve(call *ast.CallExpr, effects bool) outcome {
	if tv, ok := p.Info.Types[call.Fun]; ok && tv.IsType() && len(call.Args) == 1 {
		return outcome{results: []Set{p.Eval(call.Args[0])}}
	}
	s := p.site(call)
	s.acts = effects
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok {
		if b, ok := p.Info.Uses[id].(*types.Builtin); ok {
			return s.builtin(b.Name())
		}
	}
	if s.fn == nil {
		return s.value()
	}
	if out, ok := s.library(); ok {
		return out
	}
	if summaries := p.targets(s.fn); len(summaries) > 0 {
		return s.apply(summaries)
	}
	return s.foreign()
}

func (p *Package) site(call *ast.CallExpr) *site {
	s := &site{p: p, call: call}
	fun := ast.Unparen(call.Fun)
	if f, ok := p.ObjectOf(fun).(*types.Func); ok {
		s.fn = f
	}
	if sel, ok := fun.(*ast.SelectorExpr); ok && s.fn != nil {
		if selection := p.Info.Selections[sel]; selection != nil && selection.Kind() == types.MethodVal {
			s.recv = p.Receiver(sel, selection)
			if s.recv == nil {
				s.recv = Set{}
			}
		}
	}
	for _, arg := range call.Args {
		s.args = append(s.args, p.Eval(arg))
	}
	return s
}

// arg is the value of argument i, unknown when there is none.
func (s *site) arg(i int) Set {
	if i < len(s.args) && len(s.args[i]) > 0 {
		return s.args[i]
	}
	return unknown
}

// all joins the receiver and the arguments.
func (s *site) all() Set { return Join(append([]Set{s.recv}, s.args...)...) }

// bound lays the operands out by parameter index, variadic ones joined.
func (s *site) bound() []Set {
	sig := s.fn.Signature()
	params := make([]Set, sig.Params().Len()+1)
	params[0] = s.recv
	args := s.args
	if s.recv == nil && sig.Recv() != nil && len(args) > 0 {
		params[0], args = args[0], args[1:] // method expression
	}
	for i, a := range args {
		at := i + 1
		if sig.Variadic() && at >= len(params)-1 {
			at = len(params) - 1
			if !s.call.Ellipsis.IsValid() {
				a = Set{{Op: List, Args: a}}
			}
		}
		if at < len(params) {
			params[at] = Join(params[at], a)
		}
	}
	for i := range params {
		if params[i] == nil && (i > 0 || sig.Recv() != nil) {
			params[i] = Set{{Op: Const}}
		}
	}
	return params
}

// targets are the summaries of the functions that a call of f may reach.
func (p *Package) targets(f *types.Func) []*Summary {
	f = f.Origin()
	recv := f.Signature().Recv()
	if recv != nil && types.IsInterface(recv.Type()) {
		return p.dispatch(recv.Type(), f.Name())
	}
	if s := p.FuncSummary(f); s != nil {
		return []*Summary{s}
	}
	return nil
}

// FuncSummary returns the summary of a function with a body that is known, or nil.
func (p *Package) FuncSummary(f *types.Func) *Summary {
	f = f.Origin()
	if own := p.funcs[f]; own != nil {
		return p.summarize(own)
	}
	if f.Pkg() == nil || f.Pkg() == p.Types {
		return nil
	}
	return p.World.Func(conns.CleanPath(f.Pkg().Path()), FuncName(f))
}

// dispatch finds the methods behind an interface method: those of the types that
// are known to implement the interface.
func (p *Package) dispatch(iface types.Type, method string) []*Summary {
	named := conns.Named(iface)
	if named == nil || named.Obj().Pkg() == nil || !p.Catalog.FirstParty(named.Obj().Pkg().Path()) {
		return nil
	}
	key := conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name()
	var out []*Summary
	for _, impl := range merge(p.Impls()[key], p.World.Impls(key)) {
		if s := p.methodOf(impl, method); s != nil {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		p.open[key] = true
	}
	return out
}

// apply joins what the summaries say, in terms of the operands of the call.
func (s *site) apply(summaries []*Summary) outcome {
	var out outcome
	b := &binding{params: s.bound(), apply: s.p.applied}
	for _, sum := range summaries {
		if s.acts {
			for _, e := range sum.Effects {
				out.effects = append(out.effects, b.effect(e)...)
			}
			continue
		}
		for i, r := range sum.Results {
			if i == len(out.results) {
				out.results = append(out.results, nil)
			}
			out.results[i] = Join(out.results[i], s.mark(b.set(r)))
		}
	}
	for i := range out.results {
		if len(out.results[i]) == 0 {
			out.results[i] = unknown
		}
	}
	return out
}

// mark notes this call as the place where elements were picked.
func (s *site) mark(set Set) Set {
	out := make(Set, len(set))
	for i, v := range set {
		out[i] = s.markOne(v)
	}
	return out
}

func (s *site) markOne(v *Value) *Value {
	if v.X == nil || v.Op != Elem && v.Op != Field {
		return v
	}
	x := v.X
	if v.Op == Field {
		x = s.markOne(v.X)
	}
	if v.Op == Elem && v.at != nil || v.Op == Field && x == v.X {
		return v
	}
	c := v.clone()
	c.X = x
	if v.Op == Elem {
		c.at = s.call
	}
	return c
}

// foreign is a call of a function whose body is not known.
func (s *site) foreign() outcome {
	if v := s.p.shared(s.call); v != nil {
		return outcome{results: []Set{{v}}}
	}
	op := Opaque
	if converts(s.fn) {
		op = Derived
	}
	v := made(op, s.all())
	if op == Opaque && s.fn.Pkg() != nil && conns.Std(s.fn.Pkg().Path()) {
		v.Name = Parsed
	}
	sig := s.fn.Signature()
	out := outcome{}
	for i := 0; i < max(sig.Results().Len(), 1); i++ {
		out.results = append(out.results, Set{v})
	}
	if recv := sig.Recv(); recv != nil && types.IsInterface(recv.Type()) {
		for _, target := range s.recv {
			out.effects = append(out.effects, &Effect{Op: Invoke, Name: FuncName(s.fn), Target: target, Val: Join(s.args...), Args: s.args})
		}
	}
	return out
}

// told is what a function value is given to know: a context says nothing.
func (s *site) told() []Set {
	out := make([]Set, len(s.args))
	for i, a := range s.args {
		out[i] = a
		if i >= len(s.call.Args) {
			continue
		}
		named := conns.Named(s.p.TypeOf(s.call.Args[i]))
		if named != nil && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "context" {
			out[i] = Set{{Op: Const}}
		}
	}
	return out
}

// value is a call of a function value.
func (s *site) value() outcome {
	var results []Set
	var effects []*Effect
	for _, f := range s.p.Eval(s.call.Fun) {
		switch f.Op {
		case Closure:
			results = append(results, s.p.litResult(f.Name, 0))
		case Global:
			results = append(results, s.p.callGlobal(s.call.Fun, f))
		case Param, Field, Elem:
			effects = append(effects, &Effect{Op: Call, Target: f, Args: s.told()})
			results = append(results, one(&Value{Op: Apply, X: f, Args: Join(s.args...)}))
		}
	}
	out := Join(results...)
	if len(out) == 0 {
		out = Set{made(Opaque, s.args...)}
	}
	n := 1
	if sig, ok := under(s.p.TypeOf(s.call.Fun)).(*types.Signature); ok {
		n = max(sig.Results().Len(), 1)
	}
	all := []Set{out}
	for len(all) < n {
		all = append(all, unknown)
	}
	return outcome{results: all, effects: effects}
}

// converts reports whether a library function only writes its input differently,
// so that it still names the same user.
func converts(f *types.Func) bool {
	if f.Pkg() == nil {
		return false
	}
	switch f.Pkg().Path() {
	case "fmt":
		return strings.HasPrefix(f.Name(), "Sprint")
	case "strconv":
		return true
	case "strings", "bytes":
		return strings.HasPrefix(f.Name(), "To") || strings.HasPrefix(f.Name(), "Trim") || f.Name() == "Clone"
	case "encoding/json", "encoding/xml", "encoding/gob":
		return strings.HasPrefix(f.Name(), "Marshal")
	case "encoding/hex", "encoding/base64", "net/url", "html", "unicode/utf8", "cmp":
		return true
	}
	return f.Signature().Recv() != nil && f.Name() == "String" && f.Signature().Params().Len() == 0
}

// Targets are the summaries of the functions that a call of f may reach.
func (p *Package) Targets(f *types.Func) []*Summary { return p.targets(f) }

// Bodyless reports whether f belongs to the code being read although no body of it
// is known: an interface method whose implementations are out of sight.
func (p *Package) Bodyless(f *types.Func) bool {
	return f.Pkg() != nil && p.Catalog.FirstParty(f.Pkg().Path()) && len(p.targets(f)) == 0
}

// Open lists the interfaces of the program, "path.Name", whose methods this package
// calls although it knows no type behind them, and the channels that it sends on
// although it knows nobody who receives.
func (p *Package) Open() []string {
	var out []string
	for name := range p.open {
		out = append(out, name)
	}
	sort.Strings(out)
	return out
}
