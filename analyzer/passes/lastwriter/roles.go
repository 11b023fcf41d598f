package lastwriter

import (
	"go/ast"
	"go/types"
	"regexp"
	"sync"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/passes/compat"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// requestTypes are what web frameworks hand to a function that serves one request,
// by import path without its major version.
var requestTypes = map[string]bool{
	"net/http.Request":                                   true,
	"github.com/gin-gonic/gin.Context":                   true,
	"github.com/labstack/echo.Context":                   true,
	"github.com/gofiber/fiber.Ctx":                       true,
	"github.com/kataras/iris.Context":                    true,
	"github.com/kataras/iris/context.Context":            true,
	"github.com/valyala/fasthttp.RequestCtx":             true,
	"github.com/cloudwego/hertz/pkg/app.RequestContext":  true,
	"github.com/gogf/gf/net/ghttp.Request":               true,
	"github.com/beego/beego/server/web/context.Context":  true,
	"github.com/astaxie/beego/context.Context":           true,
	"github.com/emicklei/go-restful.Request":             true,
	"github.com/pocketbase/pocketbase/core.RequestEvent": true,
	"github.com/gobuffalo/buffalo.Context":               true,
}

var major = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`/v\d+(/|$)`) })

// typeName is "path.Name" without a major version, "" for types without a name.
func typeName(t types.Type) string {
	named := conns.Named(t)
	if named == nil || named.Obj().Pkg() == nil {
		return ""
	}
	return major().ReplaceAllString(conns.CleanPath(named.Obj().Pkg().Path()), "$1") + "." + named.Obj().Name()
}

// isRequest reports whether a value of type t belongs to one request.
func isRequest(t types.Type) bool { return requestTypes[typeName(t)] }

// isResponse reports whether t is where one request's answer goes.
func isResponse(t types.Type) bool { return typeName(t) == "net/http.ResponseWriter" }

// importsRuntime reports whether wsruntime is imported: its emitters have owners.
func importsRuntime(pkg *types.Package) bool {
	for _, imported := range pkg.Imports() {
		if conns.CleanPath(imported.Path()) == compat.RuntimePath {
			return true
		}
	}
	return false
}

// roles knows which functions of a package serve requests or connections, and
// which types are made for one of them only.
type roles struct {
	pass      *analysis.Pass
	p         *flow.Package
	callbacks map[*types.Func]bool  // given to a WebSocket library
	literals  map[*ast.FuncLit]bool // likewise
	shortLife map[*types.Named]bool // only ever made while a request is served
}

func newRoles(pass *analysis.Pass, p *flow.Package) *roles {
	r := &roles{pass: pass, p: p, callbacks: map[*types.Func]bool{}, literals: map[*ast.FuncLit]bool{}, shortLife: map[*types.Named]bool{}}
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				r.handedOver(call)
			}
			return true
		})
	}
	r.lifetimes()
	return r
}

// handedOver notes the functions that call gives to a WebSocket library, by
// argument or by conversion. What is given to a connection, such as a pong
// handler, is that connection's own.
func (r *roles) handedOver(call *ast.CallExpr) {
	if !r.ofLibrary(call) {
		return
	}
	for _, arg := range call.Args {
		switch arg := ast.Unparen(arg).(type) {
		case *ast.FuncLit:
			r.literals[arg] = true
		case *ast.Ident, *ast.SelectorExpr:
			if f, ok := r.p.ObjectOf(arg).(*types.Func); ok {
				r.callbacks[f] = true
			}
		}
	}
}

func (r *roles) ofLibrary(call *ast.CallExpr) bool {
	if tv, ok := r.pass.TypesInfo.Types[call.Fun]; ok && tv.IsType() {
		named := conns.Named(tv.Type)
		return named != nil && named.Obj().Pkg() != nil && conns.Known(named.Obj().Pkg().Path())
	}
	f, ok := r.p.ObjectOf(call.Fun).(*types.Func)
	if !ok || f.Pkg() == nil || !conns.Known(f.Pkg().Path()) {
		return false
	}
	recv := f.Signature().Recv()
	return recv == nil || r.p.Catalog.Conn(recv.Type()) == ""
}

// serves reports whether a function with this signature serves one request.
func serves(sig *types.Signature) bool {
	request, response, framework := false, false, false
	for v := range sig.Params().Variables() {
		switch {
		case typeName(v.Type()) == "net/http.Request":
			request = true
		case isResponse(v.Type()):
			response = true
		case isRequest(v.Type()):
			framework = true
		}
	}
	return request && response || framework
}

// decl reports whether a declared function serves requests or connections.
func (r *roles) decl(f *types.Func) bool {
	return serves(f.Signature()) || r.callbacks[f] || r.events(f)
}

// lit reports the same of a literal.
func (r *roles) lit(n *ast.FuncLit) bool {
	if r.literals[n] {
		return true
	}
	sig, ok := r.pass.TypesInfo.TypeOf(n).(*types.Signature)
	return ok && serves(sig)
}

// events recognises the methods of an event handler as gws has them: one object
// gets the events of all connections.
func (r *roles) events(f *types.Func) bool {
	sig := f.Signature()
	if sig.Recv() == nil || sig.Params().Len() == 0 || r.p.Catalog.Conn(sig.Params().At(0).Type()) == "" {
		return false
	}
	set := types.NewMethodSet(sig.Recv().Type())
	for _, name := range []string{"OnOpen", "OnClose", "OnMessage"} {
		if set.Lookup(nil, name) == nil {
			return false
		}
	}
	return f.Exported()
}

// personal reports whether the type is made for one request or connection: every
// place of this package that makes one serves a request, or is given a connection.
func (r *roles) personal(t types.Type) bool {
	named := conns.Named(t)
	return named != nil && r.shortLife[named.Origin()]
}

// lifetimes looks at every place that makes a value of a type of this package.
func (r *roles) lifetimes() {
	long := map[*types.Named]bool{}
	for _, file := range r.pass.Files {
		for _, decl := range file.Decls {
			brief := false
			if fn, ok := decl.(*ast.FuncDecl); ok {
				obj, ok := r.pass.TypesInfo.Defs[fn.Name].(*types.Func)
				brief = ok && (r.decl(obj) || r.carries(obj.Signature()))
			}
			r.made(decl, brief, long)
		}
	}
	for named := range long {
		delete(r.shortLife, named)
	}
}

// carries reports whether a function is given something of one user: a
// connection or a request.
func (r *roles) carries(sig *types.Signature) bool {
	for v := range sig.Params().Variables() {
		if isRequest(v.Type()) || r.p.Catalog.Bears(v.Type()) != "" {
			return true
		}
	}
	return false
}

// owned reports whether a function is one connection's own: it is given the
// connection, or an object that was made for it. A shared object that happens to
// have a field for a connection is neither.
func (r *roles) owned(sig *types.Signature) bool {
	own := func(v *types.Var) bool {
		t := v.Type()
		return r.p.Catalog.Conn(t) != "" || isRequest(t) || r.p.Catalog.Bears(t) != "" && r.personal(t)
	}
	for v := range sig.Params().Variables() {
		if own(v) {
			return true
		}
	}
	return sig.Recv() != nil && own(sig.Recv())
}

func (r *roles) made(n ast.Node, brief bool, long map[*types.Named]bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			if !brief && r.lit(n) {
				r.made(n.Body, true, long)
				return false
			}
		case *ast.CompositeLit:
			r.note(r.pass.TypesInfo.TypeOf(n), brief, long)
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && id.Name == "new" && len(n.Args) == 1 {
				r.note(r.pass.TypesInfo.TypeOf(n.Args[0]), brief, long)
			}
		case *ast.ValueSpec:
			if n.Type != nil {
				if _, pointer := n.Type.(*ast.StarExpr); !pointer {
					r.note(r.pass.TypesInfo.TypeOf(n.Type), brief, long)
				}
			}
		}
		return true
	})
}

func (r *roles) note(t types.Type, brief bool, long map[*types.Named]bool) {
	named := conns.Named(t)
	if named == nil || named.Obj().Pkg() != r.pass.Pkg {
		return
	}
	if brief {
		r.shortLife[named.Origin()] = true
	} else {
		long[named.Origin()] = true
	}
}
