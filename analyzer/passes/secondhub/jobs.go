package secondhub

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/compat"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// describe says what a manager is there for, by what its methods and functions do
// and by how this package uses it.
func (c *checker) describe(s *singleton.Singleton) hub {
	h := hub{ID: s.ID, Name: c.pass.Pkg.Name() + "." + s.Name, Package: s.Package, node: s.Node}
	if s.Named != nil {
		if c.tells(s.Named) {
			h.Type = typeID(s.Named)
		}
		for m := range types.NewMethodSet(types.NewPointer(s.Named)).Methods() {
			if f, ok := m.Obj().(*types.Func); ok {
				h.does(c.roleOf(f))
			}
		}
	}
	for f := range c.known.Funcs {
		if f.Signature().Recv() == nil && slices.Contains(s.Funcs, f.Name()) {
			h.does(c.roleOf(f))
		}
	}
	for _, site := range c.known.Sites {
		if site.Singleton.ID == s.ID {
			h.does(site.Role)
		}
	}
	return h
}

// tells reports whether two variables of the type do the same: that both are a
// sync.Map says nothing.
func (c *checker) tells(named *types.Named) bool {
	catalog := c.known.Flow.Catalog
	return named.Obj().Pkg() == nil || catalog.FirstParty(named.Obj().Pkg().Path()) || catalog.Hub(named) != ""
}

func typeID(named *types.Named) string {
	named = named.Origin()
	if named.Obj().Pkg() == nil {
		return named.Obj().Name()
	}
	return conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name()
}

func (c *checker) roleOf(f *types.Func) findings.Role {
	if what := c.known.Func(f); what != nil {
		return what.Role
	}
	return findings.Other
}

func (h *hub) does(role findings.Role) {
	switch role {
	case findings.UserSend, findings.ConnSend, findings.RoutedSend:
		h.Users = true
	case findings.RoomSend:
		h.Rooms = true
	case findings.Broadcast:
		h.All = true
	}
}

// factories lists the calls of wsruntime.NewFactory outside tests.
func (c *checker) factories() []hub {
	var out []hub
	for _, file := range c.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || !c.makesFactory(call) || c.inTest(call) || c.generated(call) {
				return true
			}
			line := c.pass.Fset.Position(call.Pos())
			out = append(out, hub{
				ID: fmt.Sprintf("%s:%s:%d", c.path(), base(line.Filename), line.Offset), Package: c.path(), Factory: true, node: call,
				Name: fmt.Sprintf("the one that %s makes in %s", c.path(), base(line.Filename)),
			})
			return true
		})
	}
	return out
}

func base(file string) string {
	for i := len(file) - 1; i >= 0; i-- {
		if file[i] == '/' || file[i] == '\\' {
			return file[i+1:]
		}
	}
	return file
}

func (c *checker) makesFactory(call *ast.CallExpr) bool {
	f := typeutil.StaticCallee(c.pass.TypesInfo, call)
	return f != nil && f.Pkg() != nil && f.Name() == "NewFactory" && conns.CleanPath(f.Pkg().Path()) == compat.RuntimePath && c.path() != compat.RuntimePath
}

// among compares the managers of this package with each other. Maps, channels and
// managers that one function uses together are parts of one.
func (c *checker) among(own []hub) {
	for i, later := range own {
		for j := range own[:i] {
			first := own[j]
			if !same(first, later) || !later.Factory && (later.Type == "" || first.Type == "" || c.together(first, later)) {
				continue
			}
			c.report(later.node, later, &first)
			break
		}
	}
}

// together reports whether the two belong together: some function acts on both, or
// the type of one has a field of the other's.
func (c *checker) together(a, b hub) bool {
	if a.Type == b.Type {
		return false
	}
	if holds(c.pass.Pkg, a.Type, b.Type) || holds(c.pass.Pkg, b.Type, a.Type) {
		return true
	}
	for _, f := range c.known.Flow.Funcs() {
		usesA, usesB := false, false
		for _, e := range c.known.Flow.Body(f) {
			e.Values(func(v *flow.Value) {
				if v.Op == flow.Global {
					usesA = usesA || c.isVariable(v.Name, a)
					usesB = usesB || c.isVariable(v.Name, b)
				}
			})
		}
		if usesA && usesB && f.Name() != "main" && f.Name() != "init" {
			return true
		}
	}
	return false
}

func (c *checker) isVariable(name string, h hub) bool {
	return name == h.ID || len(h.ID) > len(name) && h.ID[:len(name)] == name && h.ID[len(name)] == '.'
}

// holds reports whether the struct type outer has a field that leads to inner.
func holds(pkg *types.Package, outer, inner string) bool {
	for _, name := range pkg.Scope().Names() {
		tn, ok := pkg.Scope().Lookup(name).(*types.TypeName)
		if !ok || tn.IsAlias() {
			continue
		}
		named, ok := tn.Type().(*types.Named)
		if !ok || typeID(named) != outer {
			continue
		}
		st, ok := named.Underlying().(*types.Struct)
		if !ok {
			return false
		}
		for f := range st.Fields() {
			if leads(f.Type(), inner, 0) {
				return true
			}
		}
	}
	return false
}

func leads(t types.Type, inner string, depth int) bool {
	if named := conns.Named(t); named != nil && typeID(named) == inner {
		return true
	}
	key, elem := conns.Container(t)
	return depth < 3 && elem != nil && (leads(elem, inner, depth+1) || key != nil && leads(key, inner, depth+1))
}

// meeting reports managers of packages that don't know each other, at the import
// by which the second comes into the program: where no import alone has both.
func (c *checker) meeting(perImport map[string][]hub) {
	var seen []hub
	for _, spec := range c.specs() {
		list := perImport[spec.path]
		for _, h := range list {
			first := sameJob(seen, h)
			if first == nil || c.metBefore(perImport, first.ID, h.ID) {
				continue
			}
			if h.Type != "" && h.Type == first.Type {
				continue
			}
			c.emit(spec.node, "with this import the program gets "+h.Name+", a second process-wide WebSocket manager beside "+first.Name+": whoever is connected to one is not reached through the other; keep one")
			return
		}
		seen = merge(seen, list)
	}
}

func (c *checker) metBefore(perImport map[string][]hub, a, b string) bool {
	for _, list := range perImport {
		hasA, hasB := false, false
		for _, h := range list {
			hasA, hasB = hasA || h.ID == a, hasB || h.ID == b
		}
		if hasA && hasB {
			return true
		}
	}
	return false
}

type importSpec struct {
	path string
	node ast.Node
}

// specs lists the imports of the package in file order, each path once.
func (c *checker) specs() []importSpec {
	seen := map[string]bool{}
	var out []importSpec
	for _, file := range c.pass.Files {
		for _, spec := range file.Imports {
			name := c.pass.TypesInfo.PkgNameOf(spec)
			if name == nil || seen[name.Imported().Path()] {
				continue
			}
			seen[name.Imported().Path()] = true
			out = append(out, importSpec{name.Imported().Path(), spec})
		}
	}
	return out
}
