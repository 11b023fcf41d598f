package widecast

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// checker looks at one package.
type checker struct {
	pass   *analysis.Pass
	known  *singleton.Result
	p      *flow.Package
	keys   *keys
	result *Result
}

// mix is what a payload is made of.
type mix struct {
	key   ast.Expr // the first user key, or object that has one
	field string   // the field of the object
	root  *types.Var
	data  int // ingredients beside keys, constants and counts
	keys  map[string]bool
	seen  map[ast.Node]bool
}

// enough reports whether the payload says more than that a user exists: who is
// online, or typing, is told to everyone on purpose.
func (m *mix) enough() bool { return m.field != "" || m.data > 0 }

// mixed looks through everything that the site's payload is built from.
func (c *checker) mixed(site *singleton.Site) *mix {
	m := &mix{keys: map[string]bool{}, seen: map[ast.Node]bool{}}
	for _, e := range c.payload(site) {
		c.add(m, e, 0)
	}
	return m
}

// payload lists the expressions that a broadcast delivers.
func (c *checker) payload(site *singleton.Site) []ast.Expr {
	switch n := site.Action.(type) {
	case *ast.SendStmt:
		return []ast.Expr{n.Value}
	case *ast.CallExpr:
		if site.Callee == nil {
			return nil
		}
		if what := c.known.Func(site.Callee); what != nil && len(what.Payload) > 0 {
			var out []ast.Expr
			for _, i := range what.Payload {
				if i > 0 && i <= len(n.Args) {
					out = append(out, n.Args[i-1])
				}
			}
			return out
		}
		return n.Args
	case *ast.RangeStmt:
		return c.writtenIn(n)
	}
	return nil
}

// writtenIn lists what a loop over connections writes to each of them.
func (c *checker) writtenIn(loop *ast.RangeStmt) []ast.Expr {
	var out []ast.Expr
	ast.Inspect(loop.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SendStmt:
			out = append(out, n.Value)
		case *ast.CallExpr:
			for _, e := range c.p.EffectsAt(n) {
				if e.Op == flow.Write {
					out = append(out, n.Args...)
					break
				}
			}
		}
		return true
	})
	return out
}

const maxDepth = 8

// add takes e apart.
func (c *checker) add(m *mix, e ast.Expr, depth int) {
	e = ast.Unparen(e)
	if depth > maxDepth || m.seen[e] || c.constant(e) {
		return
	}
	m.seen[e] = true
	if c.keys.is(e) {
		c.keyed(m, e, "")
		return
	}
	switch e := e.(type) {
	case *ast.Ident:
		c.ident(m, e, depth)
	case *ast.SelectorExpr:
		c.object(m, e)
	case *ast.CompositeLit:
		for _, elt := range e.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				elt = kv.Value
			}
			c.add(m, elt, depth+1)
		}
	case *ast.UnaryExpr:
		if e.Op != token.ARROW {
			c.add(m, e.X, depth+1)
		}
	case *ast.StarExpr:
		c.add(m, e.X, depth+1)
	case *ast.SliceExpr:
		c.add(m, e.X, depth+1)
	case *ast.TypeAssertExpr:
		c.add(m, e.X, depth+1)
	case *ast.BinaryExpr:
		c.add(m, e.X, depth+1)
		c.add(m, e.Y, depth+1)
	case *ast.IndexExpr:
		c.index(m, e, depth)
	case *ast.CallExpr:
		c.call(m, e, depth)
	}
}

func (c *checker) constant(e ast.Expr) bool {
	tv, ok := c.pass.TypesInfo.Types[e]
	return ok && (tv.Value != nil || tv.IsNil() || tv.IsType())
}

func (c *checker) keyed(m *mix, e ast.Expr, field string) {
	m.keys[types.ExprString(e)] = true
	if m.key == nil || m.field == "" && field != "" {
		m.key, m.field, m.root = e, field, c.root(e)
	}
}

// root is the variable that the path e starts at, or nil.
func (c *checker) root(e ast.Expr) *types.Var {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.CallExpr:
			if sel, ok := x.Fun.(*ast.SelectorExpr); ok {
				e = sel.X
				continue
			}
			return nil
		case *ast.Ident:
			v, _ := c.pass.TypesInfo.ObjectOf(x).(*types.Var)
			return v
		default:
			return nil
		}
	}
}

// ident follows a local variable to what it was made from; a parameter, or what
// the function got from elsewhere, is an object of its own.
func (c *checker) ident(m *mix, id *ast.Ident, depth int) {
	v, ok := c.pass.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok {
		return
	}
	made := false
	if !flow.IsPackageVar(v) {
		for _, def := range c.p.Definitions(v) {
			if c.builds(def) {
				made = true
				c.add(m, def, depth+1)
			}
		}
		for _, e := range c.parts(v) {
			c.add(m, e, depth+1)
		}
	}
	if !made {
		c.object(m, id)
	}
}

// builds reports whether a definition makes a value out of others, so that its
// type alone says nothing.
func (c *checker) builds(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit, *ast.BinaryExpr:
		return true
	case *ast.UnaryExpr:
		return e.Op == token.AND && c.builds(e.X)
	case *ast.CallExpr:
		return true
	}
	return false
}

// parts lists what is assigned to fields and elements of a local variable.
func (c *checker) parts(v *types.Var) []ast.Expr {
	var out []ast.Expr
	for _, file := range c.pass.Files {
		if v.Pos() < file.FileStart || v.Pos() > file.FileEnd {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			assign, ok := n.(*ast.AssignStmt)
			if !ok || len(assign.Lhs) != len(assign.Rhs) {
				return true
			}
			for i, lhs := range assign.Lhs {
				switch x := ast.Unparen(lhs).(type) {
				case *ast.SelectorExpr:
					if c.root(x) == v {
						out = append(out, assign.Rhs[i])
					}
				case *ast.IndexExpr:
					if c.root(x.X) == v {
						out = append(out, assign.Rhs[i])
					}
				}
			}
			return true
		})
	}
	return out
}

// object weighs a value that is not taken apart: one user's when its type has a
// field that picks a user.
func (c *checker) object(m *mix, e ast.Expr) {
	t := c.p.TypeOf(e)
	if t == nil {
		return
	}
	if field := c.keys.of(t); field != "" && c.p.Catalog.Bears(t) == "" {
		c.keyed(m, e, field)
		return
	}
	m.data++
}

func (c *checker) index(m *mix, e *ast.IndexExpr, depth int) {
	if c.keys.is(e.Index) {
		c.keyed(m, e.Index, "")
		m.data++
		return
	}
	c.add(m, e.X, depth+1)
}

// neutral calls add nothing of a user: the time, a random id, a count.
var neutral = map[string]bool{"time": true, "github.com/google/uuid": true, "math/rand": true, "crypto/rand": true, "math/rand/v2": true}

// call looks at what a call is given. What a function makes of a user key is that
// user's data.
func (c *checker) call(m *mix, e *ast.CallExpr, depth int) {
	if inner := c.keys.sameIdentity(e); inner != nil {
		c.add(m, inner, depth+1)
		return
	}
	if id, ok := ast.Unparen(e.Fun).(*ast.Ident); ok {
		if _, builtin := c.pass.TypesInfo.Uses[id].(*types.Builtin); builtin {
			if id.Name == "append" {
				for _, arg := range e.Args {
					c.add(m, arg, depth+1)
				}
			}
			return
		}
	}
	f, ok := c.p.ObjectOf(e.Fun).(*types.Func)
	if ok && f.Pkg() != nil && (neutral[f.Pkg().Path()] || isTime(f)) {
		return
	}
	before := m.key
	for _, arg := range e.Args {
		c.add(m, arg, depth+1)
	}
	if sel, isMethod := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok && isMethod && f.Signature().Recv() != nil && len(e.Args) == 0 {
		c.add(m, sel.X, depth+1)
	}
	if before == nil && m.key != nil && ok && f.Pkg() != nil && c.loads(f) {
		m.data++
	}
}

func isTime(f *types.Func) bool {
	recv := f.Signature().Recv()
	return recv != nil && types.TypeString(recv.Type(), nil) == "time.Time"
}

// loads reports whether a function of the code being read returns more than an
// encoding of what it is given: it asks something else, such as a database.
func (c *checker) loads(f *types.Func) bool {
	if !c.p.Catalog.FirstParty(f.Pkg().Path()) {
		return false
	}
	for r := range f.Signature().Results().Variables() {
		if _, isStruct := structOf(r.Type()); isStruct {
			return !c.builder(f)
		}
	}
	return false
}

// builder reports whether a function only puts what it is given into a struct.
func (c *checker) builder(f *types.Func) bool {
	sum := c.p.FuncSummary(f)
	if sum == nil || len(sum.Results) == 0 || len(sum.Effects) > 0 {
		return false
	}
	for _, v := range sum.Results[0] {
		if v.Op != flow.Struct {
			return false
		}
	}
	return true
}

// wide reports whether the site reaches everyone: a broadcast, or a send to a room
// that the program names itself.
func (c *checker) wide(site *singleton.Site) bool {
	switch site.Role {
	case findings.Broadcast:
		return true
	case findings.RoomSend:
		if site.Addressee == nil || len(site.Addressee.Args) != 1 || site.Addressee.Args[0] == nil {
			return false
		}
		return c.pass.TypesInfo.Types[site.Addressee.Args[0]].Value != nil
	}
	return false
}
