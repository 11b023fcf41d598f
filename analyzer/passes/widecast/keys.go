package widecast

import (
	"go/ast"
	"go/constant"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/compat"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// userKeys is the fact that values of these kinds pick one user somewhere: fields
// "path.Type.field", parameters "path.Func#1", and calls "path.(T).M(\"x\")" that
// ask a request or an object whose user it is.
type userKeys struct{ Names []string }

func (*userKeys) AFact()           {}
func (k *userKeys) String() string { return strings.Join(k.Names, " ") }

// keys collects what stands for one user, by what the program does with it: it is
// the addressee of a user send, the key under which a connection is registered,
// or what such a value was taken from.
type keys struct {
	pass   *analysis.Pass
	known  *singleton.Result
	p      *flow.Package
	names  map[string]bool     // as in userKeys, own and imported
	vars   map[*types.Var]bool // local variables and parameters of this package
	found  bool                // something new in this round
	all    []*singleton.Site
	reach  map[*types.Func]bool
	params map[*types.Var]param
}

func newKeys(pass *analysis.Pass, known *singleton.Result) *keys {
	k := &keys{pass: pass, known: known, p: known.Flow, names: map[string]bool{}, vars: map[*types.Var]bool{}, reach: map[*types.Func]bool{}}
	for _, imported := range pass.Pkg.Imports() {
		fact := new(userKeys)
		if pass.ImportPackageFact(imported, fact) {
			for _, name := range fact.Names {
				k.names[name] = true
			}
		}
	}
	return k
}

// matter is false where neither a manager nor a user key is known.
func (k *keys) matter() bool {
	if len(k.known.Known)+len(k.names) > 0 || k.p.Core() {
		return true
	}
	for _, imported := range k.pass.Pkg.Imports() {
		if conns.CleanPath(imported.Path()) == compat.RuntimePath {
			return true
		}
		for _, below := range imported.Imports() {
			if k.p.Catalog.FirstParty(imported.Path()) && conns.Known(below.Path()) {
				return true
			}
		}
	}
	return false
}

func (k *keys) export() {
	if len(k.names) > 0 {
		k.pass.ExportPackageFact(&userKeys{Names: slices.Sorted(maps.Keys(k.names))})
	}
}

const maxRounds = 8

// close follows keys back to where they come from until nothing is new.
func (k *keys) close() {
	k.found = true
	for range maxRounds {
		if !k.found {
			return
		}
		k.found = false
		k.seeds()
		for _, file := range k.pass.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					k.call(n)
				case *ast.CompositeLit:
					k.literal(n)
				case *ast.AssignStmt:
					k.assign(n)
				}
				return true
			})
		}
	}
}

// seeds marks the addressees of user sends and the keys of registrations.
func (k *keys) seeds() {
	for _, site := range k.sites() {
		if site.Addressee == nil && site.Role == findings.Register {
			k.index(site)
		}
		if site.Addressee == nil || site.Role != findings.UserSend && site.Role != findings.Register {
			continue
		}
		for i, arg := range site.Addressee.Args {
			if arg == nil || i >= len(site.Addressee.Keys) {
				continue
			}
			if path := site.Addressee.Keys[i].Path; len(path) > 0 {
				k.markPath(k.p.TypeOf(arg), path)
			} else {
				k.mark(arg, 0)
			}
		}
	}
	for f, what := range k.known.Funcs {
		if what.Role != findings.UserSend && what.Role != findings.Register {
			continue
		}
		for _, key := range what.Keys {
			if key.Index > 0 && key.Index <= f.Signature().Params().Len() {
				k.markParam(f, key)
			}
		}
	}
}

// index marks the key of a plain registration, conns[key] = conn.
func (k *keys) index(site *singleton.Site) {
	assign, ok := site.Stmt.(*ast.AssignStmt)
	if !ok {
		return
	}
	for _, lhs := range assign.Lhs {
		if x, ok := ast.Unparen(lhs).(*ast.IndexExpr); ok && x.X.Pos() <= site.Node.Pos() && site.Node.End() <= x.X.End() {
			k.mark(x.Index, 0)
		}
	}
}

func (k *keys) markParam(f *types.Func, key singleton.Param) {
	v := f.Signature().Params().At(key.Index - 1)
	if len(key.Path) > 0 {
		k.markPath(v.Type(), key.Path)
		return
	}
	if !key.List && !key.Variadic {
		k.markVar(f, v, key.Index)
	}
}

// markPath marks the field that a path of names leads to.
func (k *keys) markPath(t types.Type, path []string) {
	for i, name := range path {
		obj, index, _ := types.LookupFieldOrMethod(t, true, k.pass.Pkg, name)
		v, ok := obj.(*types.Var)
		if !ok {
			return
		}
		if i == len(path)-1 {
			k.name(fieldName(t, index))
		}
		t = v.Type()
	}
}

func (k *keys) markVar(f *types.Func, v *types.Var, index int) {
	if !k.vars[v] {
		k.vars[v], k.found = true, true
	}
	if f != nil && f.Exported() {
		k.name(paramName(f, index))
	}
}

func (k *keys) name(s string) {
	if s != "" && !k.names[s] {
		k.names[s], k.found = true, true
	}
}

func paramName(f *types.Func, index int) string {
	return flow.FuncName(f) + "#" + constant.MakeInt64(int64(index)).String()
}

// fieldName names the field that index leads to after the struct that declares it.
func fieldName(t types.Type, index []int) string {
	for i, at := range index {
		named := conns.Named(t)
		st, ok := structOf(t)
		if !ok || at >= st.NumFields() {
			return ""
		}
		if i == len(index)-1 {
			if named == nil || named.Obj().Pkg() == nil {
				return ""
			}
			return conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name() + "." + st.Field(at).Name()
		}
		t = st.Field(at).Type()
	}
	return ""
}

func structOf(t types.Type) (*types.Struct, bool) {
	if t == nil {
		return nil, false
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	return st, ok
}

// mark makes e, and what it is made from, stand for one user.
func (k *keys) mark(e ast.Expr, depth int) {
	if depth > 6 || k.p.TypeOf(e) == nil {
		return
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		k.markIdent(e, depth)
	case *ast.SelectorExpr:
		if sel := k.pass.TypesInfo.Selections[e]; sel != nil && sel.Kind() == types.FieldVal {
			k.name(fieldName(sel.Recv(), sel.Index()))
		}
	case *ast.StarExpr:
		k.mark(e.X, depth+1)
	case *ast.TypeAssertExpr:
		k.mark(e.X, depth+1)
	case *ast.CallExpr:
		if inner := k.sameIdentity(e); inner != nil {
			k.mark(inner, depth+1)
		} else {
			k.name(k.principal(e))
		}
	}
}

func (k *keys) markIdent(id *ast.Ident, depth int) {
	v, ok := k.pass.TypesInfo.ObjectOf(id).(*types.Var)
	if !ok || flow.IsPackageVar(v) {
		return
	}
	if f, index := k.parameter(v); f != nil {
		k.markVar(f, v, index)
		return
	}
	k.markVar(nil, v, 0)
	for _, def := range k.p.Definitions(v) {
		k.mark(def, depth+1)
	}
}

// parameter finds the declared function whose parameter v is.
func (k *keys) parameter(v *types.Var) (*types.Func, int) {
	if k.params == nil {
		k.params = map[*types.Var]param{}
		for _, f := range k.p.Funcs() {
			for i := range f.Signature().Params().Len() {
				k.params[f.Signature().Params().At(i)] = param{f, i + 1}
			}
		}
	}
	at := k.params[v]
	return at.of, at.index
}

// param is a parameter by its place, from 1.
type param struct {
	of    *types.Func
	index int
}

// identities are functions whose result says the same as their first argument.
var identities = map[string]bool{
	"strconv.Itoa": true, "strconv.FormatInt": true, "strconv.FormatUint": true, "fmt.Sprint": true, "strings.TrimSpace": true,
	"strconv.Atoi": true, "strconv.ParseInt": true, "strconv.ParseUint": true,
}

// sameIdentity is what a conversion, or a call that only changes the form of an
// id, is given.
func (k *keys) sameIdentity(call *ast.CallExpr) ast.Expr {
	if tv, ok := k.pass.TypesInfo.Types[call.Fun]; ok && tv.IsType() && len(call.Args) == 1 {
		return call.Args[0]
	}
	f, ok := k.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || f.Pkg() == nil {
		return nil
	}
	if len(call.Args) > 0 && identities[f.Pkg().Path()+"."+f.Name()] {
		return call.Args[0]
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.Name() == "String" && len(call.Args) == 0 && f.Signature().Recv() != nil {
		return sel.X
	}
	return nil
}

// stores are methods of request contexts that give back what the server itself
// put there, by type: who is logged in. What a client chooses, such as a path
// parameter, means something else in every handler.
var stores = map[string]map[string]bool{
	"github.com/gin-gonic/gin.Context":    {"Get": true, "GetString": true, "GetInt": true, "GetInt64": true, "GetUint": true, "GetUint64": true, "MustGet": true, "Value": true},
	"github.com/labstack/echo/v4.Context": {"Get": true},
	"github.com/gofiber/fiber/v2.Ctx":     {"Locals": true},
	"context.Context":                     {"Value": true},
}

// principal names a call that asks whose request or object this is: a method of
// the code being read without arguments, or a lookup in a request's own store.
func (k *keys) principal(call *ast.CallExpr) string {
	f, ok := k.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || f.Pkg() == nil {
		return ""
	}
	var args []string
	for _, arg := range call.Args {
		tv := k.pass.TypesInfo.Types[arg]
		if tv.Value == nil && !isTypeOrVar(k, arg) {
			return k.askedOf(f, call)
		}
		args = append(args, types.ExprString(arg))
	}
	if len(args) == 0 {
		if f.Signature().Recv() != nil && k.p.Catalog.FirstParty(f.Pkg().Path()) {
			return flow.FuncName(f) + "()"
		}
		return ""
	}
	recv := f.Signature().Recv()
	if recv == nil {
		return ""
	}
	named := conns.Named(recv.Type())
	if named == nil || named.Obj().Pkg() == nil || !stores[conns.CleanPath(named.Obj().Pkg().Path())+"."+named.Obj().Name()][f.Name()] {
		return ""
	}
	return flow.FuncName(f) + "(" + strings.Join(args, ", ") + ")"
}

// isTypeOrVar reports whether arg is a package variable or a value of a struct type
// without fields, as keys of contexts are.
func isTypeOrVar(k *keys, arg ast.Expr) bool {
	switch x := ast.Unparen(arg).(type) {
	case *ast.CompositeLit:
		return len(x.Elts) == 0
	case *ast.Ident, *ast.SelectorExpr:
		v, ok := k.p.ObjectOf(x).(*types.Var)
		return ok && flow.IsPackageVar(v)
	}
	return false
}

// askedOf names a function of the code being read that is given a request and
// nothing else, such as auth.UserID(r).
func (k *keys) askedOf(f *types.Func, call *ast.CallExpr) string {
	if len(call.Args) != 1 || !k.p.Catalog.FirstParty(f.Pkg().Path()) || !isRequest(k.p.TypeOf(call.Args[0])) {
		return ""
	}
	return flow.FuncName(f) + "(request)"
}

func isRequest(t types.Type) bool {
	named := conns.Named(t)
	if named == nil || named.Obj().Pkg() == nil {
		return false
	}
	name := conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name()
	return name == "net/http.Request" || stores[name] != nil
}
