package emitterscope

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/passes/compat"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// holds is the fact that values of a type carry something of one user.
type holds struct{ What string }

func (*holds) AFact()           {}
func (h *holds) String() string { return "holds(" + h.What + ")" }

// closes is the fact that a function ends the emitters given as these parameters.
type closes struct{ Params []int }

func (*closes) AFact()         {}
func (*closes) String() string { return "closes" }

// scoped are the runtime's types that belong to one user.
var scoped = map[string]bool{"Emitter": true, "UserContext": true}

// scope knows which types belong to one user.
type scope struct {
	pass    *analysis.Pass
	marked  []*ast.File
	answers map[types.Type]string
	open    map[types.Type]bool
}

func newScope(pass *analysis.Pass) *scope {
	s := &scope{pass: pass, answers: map[types.Type]string{}, open: map[types.Type]bool{}}
	for _, file := range pass.Files {
		// What is kept in files that wsmig fix wrote is kept on purpose and has no Close.
		if singleton.Bound(file) {
			s.marked = append(s.marked, file)
		}
	}
	return s
}

// generated reports whether pos is in a file written by wsmig fix.
func (s *scope) generated(pos token.Pos) bool {
	for _, file := range s.marked {
		if file.FileStart <= pos && pos <= file.FileEnd {
			return true
		}
	}
	return false
}

// knowsRuntime reports whether the runtime is among the packages that p depends
// on, and p is not part of it.
func knowsRuntime(p *types.Package) bool {
	own := conns.CleanPath(p.Path())
	if own == compat.RuntimePath || strings.HasPrefix(own, compat.RuntimePath+"/") || own == compat.RuntimePath+"_test" {
		return false
	}
	seen := map[*types.Package]bool{}
	var reaches func(p *types.Package) bool
	reaches = func(p *types.Package) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		if conns.CleanPath(p.Path()) == compat.RuntimePath {
			return true
		}
		for _, imported := range p.Imports() {
			if reaches(imported) {
				return true
			}
		}
		return false
	}
	return reaches(p)
}

func ofRuntime(obj types.Object) bool {
	return obj != nil && obj.Pkg() != nil && conns.CleanPath(obj.Pkg().Path()) == compat.RuntimePath
}

// of names the scoped type that t is, a pointer to one included, or "".
func (s *scope) of(t types.Type) string {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if ok && ofRuntime(named.Obj()) && scoped[named.Obj().Name()] {
		return named.Obj().Name()
	}
	return ""
}

// within names the scoped type that a value of t holds: t is one, or a container
// or struct of them at any depth.
func (s *scope) within(t types.Type) string {
	if what := s.of(t); what != "" {
		return what
	}
	if known, ok := s.answers[t]; ok {
		return known
	}
	if s.open[t] {
		return ""
	}
	s.open[t] = true
	what := s.inside(t)
	delete(s.open, t)
	if len(s.open) == 0 || what != "" {
		s.answers[t] = what
	}
	return what
}

func (s *scope) inside(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return s.within(t.Elem())
	case *types.Slice:
		return s.within(t.Elem())
	case *types.Array:
		return s.within(t.Elem())
	case *types.Chan:
		return s.within(t.Elem())
	case *types.Map:
		return first(s.within(t.Elem()), s.within(t.Key()))
	case *types.Struct:
		for f := range t.Fields() {
			if what := s.within(f.Type()); what != "" {
				return what
			}
		}
	case *types.Named:
		return s.named(t)
	}
	return ""
}

// named looks into types of this package and into what facts say of others. A
// factory is not scoped: it belongs to all users.
func (s *scope) named(t *types.Named) string {
	for arg := range t.TypeArgs().Types() {
		if what := s.within(arg); what != "" {
			return what
		}
	}
	obj := t.Origin().Obj()
	if obj.Pkg() == nil || ofRuntime(obj) {
		return ""
	}
	if obj.Pkg() != s.pass.Pkg {
		fact := new(holds)
		if s.pass.ImportObjectFact(obj, fact) {
			return fact.What
		}
		return ""
	}
	if s.generated(obj.Pos()) {
		return ""
	}
	return s.within(t.Underlying())
}

// exportTypes tells importers which exported types hold something of one user.
func (s *scope) exportTypes() {
	names := s.pass.Pkg.Scope()
	for _, name := range names.Names() {
		tn, ok := names.Lookup(name).(*types.TypeName)
		if !ok || !tn.Exported() || tn.IsAlias() {
			continue
		}
		if what := s.within(tn.Type()); what != "" {
			s.pass.ExportObjectFact(tn, &holds{What: what})
		}
	}
}

func first(all ...string) string {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}
