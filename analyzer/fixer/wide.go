package fixer

import (
	"go/ast"
	"go/types"
	"maps"
	"slices"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/check"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/analyzer/passes/widecast"
)

// narrowBroadcasts sends what is made from one user's data to that user alone,
// through the manager's own send. The rounds that follow bind it like any other.
func (e *engine) narrowBroadcasts() error {
	if !e.Widecast {
		return nil
	}
	w, err := e.survey()
	if err != nil {
		return err
	}
	sites := map[ast.Node]*site{}
	for _, s := range w.sites {
		sites[s.Action] = s
	}
	e.wide = map[spot]bool{}
	edits := map[string][]*narrowed{}
	for _, pkg := range e.program.Packages {
		for _, b := range pkg.Wide {
			s := sites[b.Site.Action]
			if s == nil || s.group != nil {
				continue
			}
			e.wide[e.spotOf(s)] = true
			if n := e.narrow(w, s, b); n != nil {
				edits[s.at.Filename] = append(edits[s.at.Filename], n)
			}
		}
	}
	return e.takeNarrowed(edits)
}

// narrowed is one broadcast that becomes a send.
type narrowed struct {
	site  *site
	edits []edit.Edit
}

// narrow works out the edits for one broadcast, or notes why there are none.
func (e *engine) narrow(w *work, s *site, b *widecast.Broadcast) *narrowed {
	byRule := len(e.Only) == 0 || slices.ContainsFunc(e.Only, func(only string) bool {
		return only == "widecast" || e.names(s, only) || e.below(s.at.Filename, only)
	})
	if status, _, _ := e.outOfReach(s); status != "" || !byRule {
		return nil
	}
	text, why := e.narrowText(w, s, b)
	if why != "" {
		if have := e.entries[e.spotOf(s)]; have != nil {
			have.Message = "it can't be sent to one user by itself: " + why
		}
		return nil
	}
	return &narrowed{site: s, edits: text}
}

func (e *engine) spotOf(s *site) spot {
	return spot{s.at.Filename, e.origin(s.at.Filename, s.at.Offset)}
}

func (e *engine) narrowText(w *work, s *site, b *widecast.Broadcast) ([]edit.Edit, string) {
	call, ok := s.Action.(*ast.CallExpr)
	op := w.catalog[nameOf(b.Send)]
	switch {
	case b.Send == nil:
		return nil, "the manager has no send to one user"
	case !ok || s.Callee == nil || call.Ellipsis.IsValid():
		return nil, "it is no call"
	case op == nil || len(op.Key) != 1 || op.Key[0].Path != "":
		return nil, b.Send.Name() + " takes more than a user's id"
	}
	at := op.Key[0].Param
	if why := fits(s, call, b, at); why != "" {
		return nil, why
	}
	src, err := e.read(s.at.Filename)
	if err != nil {
		return nil, err.Error()
	}
	offset := func(n ast.Node, end bool) int {
		if end {
			return e.program.Fset.Position(n.End()).Offset
		}
		return e.program.Fset.Position(n.Pos()).Offset
	}
	key := string(src[offset(b.Key, false):offset(b.Key, true)])
	if b.Field != "" {
		key += "." + b.Field
	}
	var name *ast.Ident
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.SelectorExpr:
		name = fun.Sel
	case *ast.Ident:
		name = fun
	default:
		return nil, "it is called through a value"
	}
	edits := []edit.Edit{{Start: offset(name, false), End: offset(name, true), New: b.Send.Name()}}
	switch {
	case len(call.Args) == 0:
		open := e.program.Fset.Position(call.Lparen).Offset + 1
		edits = append(edits, edit.Edit{Start: open, End: open, New: key})
	case at == len(call.Args):
		end := offset(call.Args[at-1], true)
		edits = append(edits, edit.Edit{Start: end, End: end, New: ", " + key})
	default:
		start := offset(call.Args[at], false)
		edits = append(edits, edit.Edit{Start: start, End: start, New: key + ", "})
	}
	return edits, ""
}

func nameOf(fn *types.Func) string {
	if fn == nil {
		return ""
	}
	return fn.Origin().FullName()
}

// fits compares what the broadcast is given with what the send takes, and makes
// sure that the user's id means the same at the call as where it was found.
func fits(s *site, call *ast.CallExpr, b *widecast.Broadcast, at int) string {
	params := b.Send.Signature().Params()
	if params.Len() != len(call.Args)+1 || b.Send.Signature().Variadic() {
		return b.Send.Name() + " takes other arguments"
	}
	for i, arg := range call.Args {
		k := i
		if i >= at {
			k++
		}
		if t := s.pkg.Info.TypeOf(arg); t == nil || !types.AssignableTo(t, params.At(k).Type()) {
			return b.Send.Name() + " takes other arguments"
		}
	}
	t := s.pkg.Info.TypeOf(b.Key)
	if b.Field != "" && t != nil {
		obj, _, _ := types.LookupFieldOrMethod(t, true, s.pkg.Types, b.Field)
		if field, ok := obj.(*types.Var); ok {
			t = field.Type()
		}
	}
	if t == nil || !types.AssignableTo(t, params.At(at).Type()) {
		return b.Send.Name() + " wants an id of another type"
	}
	return sameMeaning(s, call, b.Key)
}

// sameMeaning follows the names of a plain path of fields; whatever acts when it is
// evaluated is not evaluated twice.
func sameMeaning(s *site, call *ast.CallExpr, key ast.Expr) string {
	why := ""
	ast.Inspect(key, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr, *ast.FuncLit:
			why = "its user is computed"
		case *ast.Ident:
			obj := s.pkg.Info.Uses[n]
			scope := s.pkg.Info.Scopes[s.File]
			if v, field := obj.(*types.Var); obj == nil || field && v.IsField() || scope == nil {
				return true
			}
			inner := scope.Innermost(call.Pos())
			if inner == nil {
				inner = scope
			}
			if _, there := inner.LookupParent(n.Name, call.Pos()); there != obj {
				why = n.Name + " means something else at the call"
			}
		}
		return why == ""
	})
	return why
}

// takeNarrowed makes the edits, those of a file together or, where they do not
// compile, each for itself.
func (e *engine) takeNarrowed(all map[string][]*narrowed) error {
	checker := check.New(e.program)
	files := map[string][]byte{}
	var done []*narrowed
	for _, path := range slices.Sorted(maps.Keys(all)) {
		src, err := e.read(path)
		if err != nil {
			return err
		}
		var taken []edit.Edit
		for _, n := range all[path] {
			trial := append(slices.Clone(taken), n.edits...)
			text, err := edit.Apply(src, trial)
			if err != nil {
				continue
			}
			files[path] = text
			problems := checker.Check(files)
			if len(problems) == 0 {
				yes, err := e.askFiles(n.site.Singleton.ID, map[string][]byte{path: text})
				if err != nil {
					return err
				}
				if yes {
					taken, done = trial, append(done, n)
				}
			} else if have := e.entries[e.spotOf(n.site)]; have != nil {
				have.Status, have.Reason, have.Message = ledger.Left, ledger.WouldNotCompile, problems[0].Message
			}
			if files[path], err = edit.Apply(src, taken); err != nil {
				return err
			}
		}
		files[path] = edit.Format(src, files[path])
	}
	if len(done) == 0 {
		return nil
	}
	for _, n := range done {
		if have := e.entries[e.spotOf(n.site)]; have != nil {
			have.Status, have.Stage, have.Reason, have.Message = ledger.Fixed, ledger.Bind, "", ""
		}
	}
	maps.Copy(e.overlay, files)
	e.rounds++
	if err := e.load(); err != nil {
		return err
	}
	return e.stillBuilds()
}
