package fixer

import (
	"go/ast"
	"slices"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// rewritePairs binds the sends of managers that keep the addressee in a field. A
// plain setting that stayed behind could come between the two halves of a pair,
// so it is all sends of a manager or none.
func (e *engine) rewritePairs(w *work) {
	byOp := map[*bind.Op][]*site{}
	var order []*bind.Op
	for _, s := range w.sites {
		if s.op != nil && s.op.Setter != nil && s.status == "" {
			if byOp[s.op] == nil {
				order = append(order, s.op)
			}
			byOp[s.op] = append(byOp[s.op], s)
		}
	}
	for _, op := range order {
		e.pairOp(w, op, byOp[op])
	}
}

func (e *engine) pairOp(w *work, op *bind.Op, sites []*site) {
	groups, ok := e.pairGroups(w, op, sites)
	if !ok {
		for _, s := range sites {
			if s.status == "" {
				s.leave(ledger.Left, ledger.Conflict, "another send of this manager relies on an addressee that was set elsewhere")
			}
		}
		return
	}
	for _, g := range groups {
		w.add(e, g)
	}
}

// pairGroups pairs the sends file by file.
func (e *engine) pairGroups(w *work, op *bind.Op, sites []*site) (groups []*group, ok bool) {
	ok = true
	for len(sites) > 0 {
		path := sites[0].at.Filename
		var here []*site
		here, sites = split(sites, func(s *site) bool { return s.at.Filename == path })
		f, err := e.file(w, here[0])
		if err != nil {
			return nil, false
		}
		calls := map[*ast.CallExpr]*site{}
		var sends []*ast.CallExpr
		for _, s := range here {
			if call, isCall := s.Action.(*ast.CallExpr); isCall {
				calls[call] = s
				sends = append(sends, call)
			}
		}
		pairs, lost := bind.Pairs(f, op, sends)
		for _, send := range lost {
			calls[send].leave(ledger.Left, ledger.AddresseeUnknown, "no call of "+op.Setter.Name()+" before it says who receives it: use an emitter by hand")
		}
		ok = ok && len(lost) == 0 && len(sends) == len(here)
		for _, p := range pairs {
			g := &group{key: here[0].key(e), file: path, home: here[0].home, op: op}
			for _, send := range p.Sends {
				g.sites = append(g.sites, calls[send])
			}
			g.key = "pair " + g.sites[0].key(e)
			for _, s := range w.sites {
				if s.Action == p.Set {
					g.sites = append(g.sites, s) // the setting itself
				}
			}
			out, err := p.Rewrite(f, here[0].home.emitterOf(op), op)
			if err != nil {
				ok = false
				continue
			}
			g.edits, g.imports = out.Edits, out.Imports
			groups = append(groups, g)
		}
	}
	return groups, ok
}

func split[T any](list []T, in func(T) bool) (yes, no []T) {
	for _, v := range list {
		if in(v) {
			yes = append(yes, v)
		} else {
			no = append(no, v)
		}
	}
	return slices.Clip(yes), slices.Clip(no)
}
