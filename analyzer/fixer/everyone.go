package fixer

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/broadcast"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/check"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// town is the package that declares sends to everyone.
type town struct {
	pkg    *driver.Package
	single string
	path   string // of the generated file
	ops    []*broadcast.Op
	sites  map[string][]*site // by the full name of what they call
}

// nameBroadcasts gives the broadcasts a name that says whom they reach.
func (e *engine) nameBroadcasts() error {
	if !e.Broadcasts {
		return nil
	}
	w, err := e.survey()
	if err != nil {
		return err
	}
	towns := map[string]*town{}
	for _, s := range w.sites {
		if s.Role == findings.Broadcast {
			e.settleBroadcast(towns, w, s)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(towns)) {
		if err := e.nameIn(towns[path]); err != nil {
			return err
		}
	}
	return nil
}

// settleBroadcast adds a site to the package that its send is declared in, or says
// in the ledger why it stays as it is.
func (e *engine) settleBroadcast(towns map[string]*town, w *work, s *site) {
	leave := func(message string) {
		if have := e.entries[e.spotOf(s)]; have != nil && have.Status != ledger.Fixed {
			have.Message = message
		}
	}
	if status, _, _ := e.outOfReach(s); status != "" || e.inner(w, s) {
		return
	}
	call, ok := s.Action.(*ast.CallExpr)
	if !ok || s.Callee == nil || calledIdent(call) == nil {
		leave("there is no call to name: it is a loop or a channel")
		return
	}
	fn := s.Callee.Origin()
	if broadcast.Explicit(fn) {
		return
	}
	if why := broadcast.Unsupported(fn); why != "" {
		leave(why)
		return
	}
	t := towns[fn.Pkg().Path()]
	if t == nil {
		if t = e.townOf(s, fn); t == nil {
			leave("it is declared outside the modules at hand")
			return
		}
		towns[fn.Pkg().Path()] = t
	}
	t.sites[fn.FullName()] = append(t.sites[fn.FullName()], s)
}

func calledIdent(call *ast.CallExpr) *ast.Ident {
	switch fun := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return fun
	case *ast.SelectorExpr:
		return fun.Sel
	}
	return nil
}

func (e *engine) townOf(s *site, fn *types.Func) *town {
	for _, pkg := range e.program.ByPath(fn.Pkg().Path()) {
		if pkg.ForTest != "" || pkg.Types == nil {
			continue
		}
		own := sameFunc(pkg.Types, fn)
		if own == nil {
			continue
		}
		declared := e.program.Fset.Position(own.Pos()).Filename
		if e.place.module(declared) == "" || strings.HasSuffix(declared, "_test.go") {
			return nil
		}
		return &town{pkg: pkg, single: s.Singleton.ID, path: strings.TrimSuffix(declared, ".go") + "_broadcast.go", sites: map[string][]*site{}}
	}
	return nil
}

// nameIn generates the explicit functions of one package and has its sites call
// them. What does not compile is taken back, call by call.
func (e *engine) nameIn(t *town) error {
	for _, name := range slices.Sorted(maps.Keys(t.sites)) {
		own := sameFunc(t.pkg.Types, t.sites[name][0].Callee.Origin())
		t.ops = append(t.ops, &broadcast.Op{Func: own, Name: broadcast.Name(own, t.taken(own))})
	}
	generated, err := broadcast.Generate(t.single, t.pkg.Types, t.ops)
	if err != nil {
		return err
	}
	earlier, err := e.read(t.path)
	if err != nil {
		return err
	}
	if earlier != nil {
		if generated, err = bind.Merge(earlier, generated); err != nil {
			return err
		}
	}
	left := map[*site]bool{}
	checker := check.New(e.program)
	for {
		files, err := e.renamed(t, left)
		if err != nil || len(files) == 0 {
			return err
		}
		files[t.path] = generated
		problems := checker.Check(files)
		if len(problems) == 0 {
			return e.broadcastsDone(t, left, files)
		}
		if !t.blame(e, problems[0], left) {
			return nil
		}
	}
}

// taken reports the names that a twin of fn can't have, apart from the one that an
// earlier run gave it.
func (t *town) taken(fn *types.Func) func(string) bool {
	return func(name string) bool {
		if slices.ContainsFunc(t.ops, func(op *broadcast.Op) bool { return op.Name == name && sameReceiver(op.Func, fn) }) {
			return true
		}
		var have types.Object
		if recv := fn.Signature().Recv(); recv != nil {
			have, _, _ = types.LookupFieldOrMethod(recv.Type(), true, t.pkg.Types, name)
		} else {
			have = t.pkg.Types.Scope().Lookup(name)
		}
		return have != nil && !t.generated(have)
	}
}

func (t *town) generated(obj types.Object) bool {
	for _, file := range t.pkg.Files {
		if file.FileStart <= obj.Pos() && obj.Pos() < file.FileEnd {
			_, ok := bind.Generated(file)
			return ok
		}
	}
	return false
}

// renamed has all sites but those left out call the explicit functions.
func (e *engine) renamed(t *town, left map[*site]bool) (map[string][]byte, error) {
	edits := map[string][]edit.Edit{}
	for _, op := range t.ops {
		for _, s := range t.sites[op.Func.FullName()] {
			if left[s] {
				continue
			}
			id := calledIdent(s.Action.(*ast.CallExpr))
			edits[s.at.Filename] = append(edits[s.at.Filename], edit.Edit{Start: e.offset(id.Pos()), End: e.offset(id.End()), New: op.Name})
		}
	}
	files := map[string][]byte{}
	for path, list := range edits {
		src, err := e.read(path)
		if err != nil {
			return nil, err
		}
		text, err := edit.Apply(src, list)
		if err != nil {
			return nil, err
		}
		files[path] = edit.Format(src, text)
	}
	return files, nil
}

func (e *engine) offset(pos token.Pos) int { return e.program.Fset.Position(pos).Offset }

// blame leaves out the sites of the file that a problem is in, or all of them.
func (t *town) blame(e *engine, p check.Problem, left map[*site]bool) bool {
	var all, near []*site
	for _, sites := range t.sites {
		for _, s := range sites {
			if left[s] {
				continue
			}
			all = append(all, s)
			if s.at.Filename == p.Position.Filename {
				near = append(near, s)
			}
		}
	}
	if len(near) == 0 {
		near = all
	}
	for _, s := range near {
		left[s] = true
		if have := e.entries[e.spotOf(s)]; have != nil {
			have.Message = "its explicit name does not compile: " + p.Message
		}
	}
	return len(near) > 0
}

func (e *engine) broadcastsDone(t *town, left map[*site]bool, files map[string][]byte) error {
	yes, err := e.askFiles(t.single, files)
	if err != nil || !yes {
		return err
	}
	for _, sites := range t.sites {
		for _, s := range sites {
			if have := e.entries[e.spotOf(s)]; have != nil && !left[s] {
				have.Status, have.Stage, have.Reason, have.Message = ledger.Fixed, ledger.Bind, "", ""
			}
		}
	}
	maps.Copy(e.overlay, files)
	e.rounds++
	if err := e.load(); err != nil {
		return err
	}
	return e.stillBuilds()
}
