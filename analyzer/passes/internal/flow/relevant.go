package flow

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// traces is what the text of a function mentions, noted before anything is
// computed: it decides whether the function is worth reading.
type traces struct {
	states   []*types.Var  // package variables that may be managers or lead to one
	calls    []*types.Func // functions of the same package
	elements bool          // calls a function of another package that hands out an element of its state
	receives bool
	size     int
}

// maxLight bounds the functions that are read in packages without sockets.
const maxLight = 80

// maxCompose bounds the functions that may make keys.
const maxCompose = 4

func (c *collector) trace(n ast.Node) {
	if len(c.fns) == 0 {
		return
	}
	t := &c.fns[0].traces // literals count for the function around them
	switch n := n.(type) {
	case *ast.Ident:
		switch obj := c.p.Info.Uses[n].(type) {
		case *types.Var:
			if IsPackageVar(obj) && c.p.mayBeState(obj) {
				t.states = append(t.states, obj)
			}
		case *types.Func:
			if obj.Pkg() == c.p.Types {
				t.calls = append(t.calls, obj.Origin())
			} else if !t.elements {
				t.elements = c.p.handsElement(obj)
			}
		}
	case *ast.UnaryExpr:
		t.receives = t.receives || n.Op == token.ARROW
	case *ast.RangeStmt:
		_, ok := under(c.p.TypeOf(n.X)).(*types.Chan)
		t.receives = t.receives || ok
	case *ast.BlockStmt:
	case ast.Stmt:
		t.size++
	}
}

// maxReads bounds the calls between a function that answers a question and the
// package variable that it asks.
const maxReads = 2

// reads lists the package variables of this package that an exported function which
// gives an answer looks at, itself or through the functions that it calls.
func (p *Package) reads(f *fn) []string {
	if f.obj == nil || !f.obj.Exported() || f.sig.Recv() != nil || f.sig.Results().Len() == 0 {
		return nil
	}
	found := map[string]bool{}
	p.readsInto(f, maxReads, found)
	return sortedKeys(found)
}

func (p *Package) readsInto(f *fn, depth int, found map[string]bool) {
	for _, v := range f.traces.states {
		if v.Pkg() == p.Types {
			found[VarName(v)] = true
		}
	}
	if depth == 0 {
		return
	}
	for _, callee := range f.traces.calls {
		if own := p.funcs[callee]; own != nil && own.traces.size <= maxLight {
			p.readsInto(own, depth-1, found)
		}
	}
}

// handsElement reports whether a function of another package returns an element of
// a package variable.
func (p *Package) handsElement(f *types.Func) bool {
	if f.Pkg() == nil || !p.Catalog.FirstParty(f.Pkg().Path()) {
		return false
	}
	sum := p.World.Func(conns.CleanPath(f.Pkg().Path()), FuncName(f.Origin()))
	if sum == nil {
		return false
	}
	for _, r := range sum.Results {
		for _, v := range r {
			if v.Root().Op == Global && v.Passes(Elem) {
				return true
			}
		}
	}
	return false
}

// mayBeState tells by its type whether a package variable can be a manager, a part
// of one or lead to one.
func (p *Package) mayBeState(v *types.Var) bool {
	if v.Pkg() != p.Types && !p.Catalog.FirstParty(v.Pkg().Path()) {
		return false
	}
	return p.stateType(v.Type())
}

func (p *Package) stateType(t types.Type) bool {
	if _, elem := conns.Container(t); elem != nil {
		return !plain(elem)
	}
	switch t.Underlying().(type) {
	case *types.Interface:
		named := conns.Named(t)
		return named == nil || named.Obj().Pkg() != nil && p.Catalog.FirstParty(named.Obj().Pkg().Path())
	case *types.Signature:
		return true
	}
	named := conns.Named(t)
	if named == nil {
		_, ok := under(t).(*types.Struct)
		return ok
	}
	if named.Obj().Pkg() == nil {
		return false
	}
	path := named.Obj().Pkg().Path()
	return p.Catalog.FirstParty(path) || p.Catalog.Hub(t) != "" || p.Catalog.Bears(t) != "" || conns.Untyped(t) || path == "sync/atomic"
}

// plain types hold no connection: numbers, text, and what is made of them.
func plain(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return true
	case *types.Slice:
		return plain(u.Elem())
	}
	return false
}

// worthReading reports whether a function may have anything to do with managers: it
// touches package state, belongs to a type that keeps things, or its package deals
// with sockets itself.
func (p *Package) worthReading(f *fn) bool {
	if p.Core() || p.touches(f, map[*fn]bool{}) {
		return true
	}
	recv := f.sig.Recv()
	return recv != nil && f.traces.size <= maxLight && p.keeps(recv.Type()) || composes(f)
}

// composes reports whether a function may do no more than to make a key of what it
// is given.
func composes(f *fn) bool {
	sig := f.sig
	if f.traces.size > maxCompose || sig.Results().Len() != 1 || sig.Params().Len() == 0 {
		return false
	}
	if _, ok := sig.Results().At(0).Type().Underlying().(*types.Basic); !ok {
		return false
	}
	for v := range sig.Params().Variables() {
		if !plain(v.Type()) {
			return false
		}
	}
	return true
}

// touches reports whether f, or a function of the package that it calls, mentions
// package state.
func (p *Package) touches(f *fn, busy map[*fn]bool) bool {
	if f.touching != unasked {
		return f.touching == yes
	}
	if busy[f] {
		return false
	}
	busy[f] = true
	found := len(f.traces.states) > 0 || f.traces.elements
	for _, callee := range f.traces.calls {
		if found {
			break
		}
		if own := p.funcs[callee]; own != nil {
			found = p.touches(own, busy)
		}
	}
	if found {
		f.touching = yes
	} else if len(busy) == 1 {
		f.touching = no
	}
	delete(busy, f)
	return found
}

type answer uint8

const (
	unasked answer = iota
	yes
	no
)

// keeps reports whether a struct has a field in which connections, or callbacks or
// channels that lead to them, could be kept.
func (p *Package) keeps(t types.Type) bool {
	st, ok := under(t).(*types.Struct)
	if !ok {
		return conns.Untyped(t)
	}
	for f := range st.Fields() {
		if conns.Untyped(f.Type()) || p.Catalog.Hub(f.Type()) != "" {
			return true
		}
		if key, elem := conns.Container(f.Type()); elem != nil && (!plain(elem) || key != nil && !plain(key)) {
			return true
		}
		if f.Embedded() && p.keeps(f.Type()) || parameter(f.Type()) || callback(f.Type()) || p.fromCore(f.Type()) {
			return true
		}
	}
	return false
}

// parameter reports whether a field holds whatever its generic type was made for.
func parameter(t types.Type) bool {
	if ptr, ok := types.Unalias(t).(*types.Pointer); ok {
		t = ptr.Elem()
	}
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}

// fromCore reports whether a field is of a type of another package that deals with
// connections itself: the struct around it may be a wrapper of a manager.
func (p *Package) fromCore(t types.Type) bool {
	named := conns.Named(t)
	if named == nil || named.Obj().Pkg() == nil || named.Obj().Pkg() == p.Types {
		return false
	}
	u := p.World.Unit(conns.CleanPath(named.Obj().Pkg().Path()))
	return u != nil && u.Core
}

// callback reports whether a field is a function that is handed something.
func callback(t types.Type) bool {
	sig, ok := t.Underlying().(*types.Signature)
	return ok && sig.Params().Len() > 0
}

// Touching lists the functions that may act on package state, in source order.
func (p *Package) Touching() []*types.Func {
	var out []*types.Func
	for _, f := range p.order {
		if p.touches(f, map[*fn]bool{}) {
			out = append(out, f.obj)
		}
	}
	return out
}
