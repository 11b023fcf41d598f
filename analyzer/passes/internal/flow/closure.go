package flow

import (
	"go/ast"
	"go/types"
)

// litParam is what a function literal is given for a parameter, judged by the
// call that it is handed to.
func (p *Package) litParam(f *fn, index int) Set {
	call := f.context.call
	if call == nil {
		return p.givenTo(f, index)
	}
	if f.context.arg < 0 {
		if index-1 < len(call.Args) {
			return p.Eval(call.Args[index-1])
		}
		return nil
	}
	s := p.operands(call)
	if s == nil || s.fn == nil {
		return nil
	}
	if given := s.iterates(index); given != nil {
		return given
	}
	return s.handsOn(f.context.arg, index)
}

// givenTo joins what the calls of a literal that a local variable holds give it.
func (p *Package) givenTo(f *fn, index int) Set {
	var out []Set
	for _, call := range f.context.calls {
		if index-1 < len(call.Args) {
			out = append(out, p.Eval(call.Args[index-1]))
		}
	}
	return Join(out...)
}

// operands evaluates a call without looking at literals among its arguments,
// which would ask for themselves.
func (p *Package) operands(call *ast.CallExpr) *site {
	s := &site{p: p, call: call}
	f, ok := p.ObjectOf(call.Fun).(*types.Func)
	if !ok {
		return s
	}
	s.fn = f
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if selection := p.Info.Selections[sel]; selection != nil && selection.Kind() == types.MethodVal {
			s.recv = p.Receiver(sel, selection)
		}
	}
	for _, arg := range call.Args {
		if lit, ok := ast.Unparen(arg).(*ast.FuncLit); ok {
			s.args = append(s.args, Set{{Op: Closure, Name: p.litName(lit)}})
			continue
		}
		s.args = append(s.args, p.Eval(arg))
	}
	return s
}

// iterates gives the elements that library iterators pass to their callback.
func (s *site) iterates(index int) Set {
	lib := s.elementLib()
	switch s.fn.Name() {
	case "Range", "RangeRelaxed", "Each", "ForEach", "IterCb", "Iterator", "IteratorAsc", "IteratorDesc", "Do":
		if !s.iterable() {
			return nil
		}
		sig := s.fn.Signature()
		last, ok := under(sig.Params().At(sig.Params().Len() - 1).Type()).(*types.Signature)
		if ok && last.Params().Len() == 1 {
			return elem(s.recv, nil, lib, nil)
		}
		if index == 1 {
			return keyOf(s.recv, "")
		}
		return elem(s.recv, nil, lib, nil)
	case "BroadcastFilter", "BroadcastBinaryFilter":
		if s.recv != nil && s.p.Catalog.Hub(s.fn.Signature().Recv().Type()) != "" {
			return elem(s.recv, nil, s.p.libOf(s.fn), nil)
		}
	case "DeleteFunc", "ContainsFunc", "IndexFunc":
		if s.fn.Pkg() != nil && (s.fn.Pkg().Path() == "slices" || s.fn.Pkg().Path() == "maps") && len(s.args) > 0 {
			if s.fn.Pkg().Path() == "maps" && index == 1 {
				return keyOf(s.args[0], "")
			}
			return elem(s.args[0], nil, "", nil)
		}
	}
	return nil
}

func (s *site) iterable() bool {
	if s.recv == nil || s.fn.Signature().Params().Len() == 0 {
		return false
	}
	switch typePath(s.fn) {
	case "sync.Map", "container/ring.Ring":
		return true
	}
	return s.foreignContainer()
}

// handsOn follows a callback into a function whose body is known.
func (s *site) handsOn(arg, index int) Set {
	var out []Set
	summaries := s.p.targets(s.fn)
	if len(summaries) == 0 {
		return nil
	}
	b := &binding{params: s.bound()}
	sig := s.fn.Signature()
	at := min(arg+1, sig.Params().Len())
	for _, sum := range summaries {
		for _, e := range sum.Effects {
			if e.Op == Call && e.Target.Op == Param && e.Target.Index == at && index-1 < len(e.Args) {
				out = append(out, b.set(e.Args[index-1]))
			}
		}
	}
	return Join(out...)
}

// litByName finds a literal of this package by the name of its value.
func (p *Package) litByName(name string) *fn {
	for lit, f := range p.lits {
		if p.litName(lit) == name {
			return f
		}
	}
	return nil
}

// litResult is result number i of a function literal.
func (p *Package) litResult(name string, i int) Set {
	f := p.litByName(name)
	if f == nil {
		return unknown
	}
	return p.returned(f, i)
}

// predicate is the condition under which a callback answers true.
func (p *Package) predicate(s Set) Set {
	var out []Set
	for _, v := range s {
		if v.Op != Closure {
			continue
		}
		for _, answer := range p.litResult(v.Name, 0) {
			if answer.Op == And {
				out = append(out, conditions(Set{answer}))
			} else {
				out = append(out, Set{answer})
			}
		}
	}
	return Join(out...)
}

// applied is the result of calling a function value with arguments.
func (p *Package) applied(f *Value, _ Set) Set {
	if f.Op == Closure {
		return p.litResult(f.Name, 0)
	}
	return nil
}

// callGlobal is the result of calling a package variable: what a memoised
// constructor returns is the state that the variable stands for.
func (p *Package) callGlobal(fun ast.Expr, g *Value) Set {
	v, ok := p.ObjectOf(fun).(*types.Var)
	if !ok || !IsPackageVar(v) {
		return unknown
	}
	if v.Pkg() != p.Types {
		return Set{g}
	}
	for _, d := range p.defs[v] {
		if call, ok := ast.Unparen(d.expr).(*ast.CallExpr); ok {
			if f, ok := p.ObjectOf(call.Fun).(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "sync" {
				return Set{g}
			}
		}
		for _, x := range p.def(d) {
			if x.Op == Closure {
				return p.litResult(x.Name, 0)
			}
		}
	}
	return unknown
}
