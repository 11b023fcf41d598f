package fixer

import (
	"go/ast"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// assignChannel finds the op behind a send on one of the manager's channels. What
// stands inside a function that sends on behalf of its callers is theirs to bind.
func (e *engine) assignChannel(w *work, s *site) bool {
	send, ok := s.Action.(*ast.SendStmt)
	if !ok {
		return false
	}
	if s.Addressee != nil && !w.plumbing(s) {
		op := e.channelOp(s, send)
		if inCase := bind.CaseOp(op); inCase != nil && bind.InSelect(s.File, send) {
			op = inCase
		}
		w.assignOp(e, s, op)
	}
	return true
}

// assignOp gives a site its op, the one that other sites have already.
func (w *work) assignOp(e *engine, s *site, op *bind.Op) {
	if op == nil {
		return
	}
	if have := w.catalog[op.Name()]; have != nil {
		op = have
	}
	w.catalog[op.Name()] = op
	s.op = op
	s.home = w.homeOf(e, s)
	s.home.add(op)
}

// channelOp makes an op of the channel that a site sends on, with the types of the
// package that declares it.
func (e *engine) channelOp(s *site, send *ast.SendStmt) *bind.Op {
	key := keyParts(s.Addressee.Keys)
	if len(key) == 0 {
		return nil
	}
	kind, _ := bind.KindOf(s.Role)
	if channel, owner := e.registryOf(s, send.Chan); channel != nil {
		return bind.ChannelOp(channel, owner, kind, key)
	}
	return nil
}

// ownVariable finds a package variable in the types of its own package, nil for
// others.
func (e *engine) ownVariable(v *types.Var) *types.Var {
	for _, pkg := range e.sources(v.Pkg()) {
		if own, ok := pkg.Scope().Lookup(v.Name()).(*types.Var); ok && pkg.Path() == v.Pkg().Path() && v.Parent() != nil && v.Parent().Parent() == types.Universe {
			return own
		}
	}
	return nil
}

// ownField finds a field of the manager in the types of the package that declares
// it, and a pointer to the manager's type.
func (e *engine) ownField(field *types.Var, manager types.Type) (*types.Var, types.Type) {
	named, ok := types.Unalias(deref(manager)).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return nil, nil
	}
	for _, pkg := range e.sources(named.Obj().Pkg()) {
		owner, ok := pkg.Scope().Lookup(named.Obj().Name()).(*types.TypeName)
		if !ok {
			continue
		}
		structure, ok := owner.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		for own := range structure.Fields() {
			if own.Name() == field.Name() {
				return own, types.NewPointer(owner.Type())
			}
		}
	}
	return nil, nil
}

// sources are the types of a package as read from source, without its tests.
func (e *engine) sources(of *types.Package) []*types.Package {
	var found []*types.Package
	if of == nil {
		return nil
	}
	for _, pkg := range e.program.ByPath(of.Path()) {
		if pkg.ForTest == "" && pkg.Types != nil {
			found = append(found, pkg.Types)
		}
	}
	return found
}

// rewriteSend works out the edits for a send on a channel.
func (e *engine) rewriteSend(w *work, s *site) error {
	f, err := e.file(w, s)
	if err != nil {
		return err
	}
	out, err := bind.Send(f, s.Action.(*ast.SendStmt), s.home.emitterOf(s.op), s.op)
	if err != nil {
		s.leave(ledger.Left, ledger.UnsupportedShape, err.Error())
		return nil
	}
	w.carry(e, s, out)
	return nil
}
