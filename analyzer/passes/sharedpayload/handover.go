package sharedpayload

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// handover is one place where a value leaves for a queue.
type handover struct {
	node  ast.Node // *ast.SendStmt, *ast.CallExpr or *ast.GoStmt
	value ast.Expr
	to    string // the queue as the message names it
}

// handovers lists what n hands to queues that end at connections.
func (c *checker) handovers(n ast.Node) []handover {
	switch n := n.(type) {
	case *ast.SendStmt:
		if c.feeds(c.p.ChannelKey(n.Chan), 0) {
			return []handover{{n, n.Value, "the channel " + types.ExprString(n.Chan)}}
		}
	case *ast.CallExpr:
		var out []handover
		for _, i := range c.queued(n) {
			if i < len(n.Args) {
				out = append(out, handover{n, n.Args[i], types.ExprString(n.Fun)})
			}
		}
		return out
	case *ast.GoStmt:
		return c.started(n)
	}
	return nil
}

// started lists what a goroutine will write to a connection: it may not have done
// so when the function that starts it goes on.
func (c *checker) started(n *ast.GoStmt) []handover {
	var out []handover
	note := func(call *ast.CallExpr) {
		for _, i := range c.written(call) {
			out = append(out, handover{n, call.Args[i], "a goroutine"})
		}
	}
	lit, ok := ast.Unparen(n.Call.Fun).(*ast.FuncLit)
	if !ok {
		note(n.Call)
		return out
	}
	inspectOwn(lit.Body, func(n ast.Node) {
		if call, ok := n.(*ast.CallExpr); ok {
			note(call)
		}
	})
	return out
}

// written lists the arguments that a call writes to connections before it returns.
func (c *checker) written(call *ast.CallExpr) []int {
	f, _ := typeutil.Callee(c.pass.TypesInfo, call).(*types.Func)
	if f == nil || f.Pkg() == nil {
		return nil
	}
	var out []int
	if conns.Writes(f.Pkg().Path(), f.Name()) {
		for i := range call.Args {
			out = append(out, i)
		}
		return out
	}
	if h := c.handlesOf(f); h != nil {
		for _, i := range h.Written {
			if i >= 0 && i < len(call.Args) {
				out = append(out, i)
			}
		}
	}
	return out
}

// feeds reports whether what is sent on the channel is written to connections, or
// passed on to channels of which that is true.
func (c *checker) feeds(key string, depth int) bool {
	if key == "" || depth > 4 {
		return false
	}
	if known, ok := c.feeding[key]; ok {
		return known
	}
	c.feeding[key] = false
	found := false
	for _, e := range c.p.Received(key) {
		switch {
		case !mentions(e, key):
		case e.Op == flow.Write, e.Op == flow.Send && c.feeds(e.Name, depth+1):
			found = true
		}
	}
	c.feeding[key] = found
	return found
}

// mentions reports whether the effect's payload is, or is made of, what was
// received from the channel.
func mentions(e *flow.Effect, key string) bool {
	found := false
	for _, v := range e.Val {
		v.Leaves(func(x *flow.Value) { found = found || x.Op == flow.Msg && x.Name == key })
	}
	return found
}

// queued lists the arguments that a call hands to a queue.
func (c *checker) queued(call *ast.CallExpr) []int {
	f := typeutil.StaticCallee(c.pass.TypesInfo, call)
	if f == nil {
		f, _ = typeutil.Callee(c.pass.TypesInfo, call).(*types.Func)
	}
	if f == nil || f.Pkg() == nil {
		return nil
	}
	if args, ok := c.library(f, call); ok {
		return args
	}
	h := c.handlesOf(f)
	if h == nil {
		return nil
	}
	sig, out := f.Signature(), []int(nil)
	for _, i := range h.Queued {
		if sig.Variadic() && i == sig.Params().Len()-1 {
			for at := i; at < len(call.Args); at++ {
				out = append(out, at)
			}
		} else if i >= 0 {
			out = append(out, i)
		}
	}
	return out
}

// queueing are the calls of libraries that keep their arguments for a goroutine
// of their own: by type and method, with the first argument that they keep.
var queueing = map[string]map[string]int{
	"github.com/olahol/melody.Melody": {
		"Broadcast": 0, "BroadcastBinary": 0, "BroadcastFilter": 0, "BroadcastBinaryFilter": 0,
		"BroadcastOthers": 0, "BroadcastBinaryOthers": 0, "BroadcastMultiple": 0,
	},
	"github.com/olahol/melody.Session": {"Write": 0, "WriteBinary": 0, "WriteWithDeadline": 0, "WriteBinaryWithDeadline": 0},
	"github.com/lxzan/gws.Conn":        {"WriteAsync": 1, "WritevAsync": 1},
	"github.com/googollee/go-socket.io.Conn": {
		"Emit": 1,
	},
	"github.com/googollee/go-socket.io.Server": {"BroadcastToRoom": 3, "BroadcastToNamespace": 2},
}

func (c *checker) library(f *types.Func, call *ast.CallExpr) ([]int, bool) {
	if !conns.Known(f.Pkg().Path()) || f.Signature().Recv() == nil {
		return nil, false
	}
	named := conns.Named(f.Signature().Recv().Type())
	if named == nil {
		return nil, false
	}
	path := strings.TrimPrefix(conns.CleanPath(f.Pkg().Path()), "gopkg.in/")
	if path == "olahol/melody.v1" {
		path = "github.com/olahol/melody"
	}
	from, ok := queueing[path+"."+named.Obj().Name()][f.Name()]
	if !ok {
		return nil, false
	}
	out := []int{from}
	for i := from + 1; i < len(call.Args) && f.Signature().Variadic(); i++ {
		out = append(out, i)
	}
	return out, true
}

// pooled reports the argument, or -1 the receiver, that a call gives to a pool;
// ok is false when it gives none.
func (c *checker) pooled(call *ast.CallExpr) (at []int) {
	f, _ := typeutil.Callee(c.pass.TypesInfo, call).(*types.Func)
	if f == nil || f.Pkg() == nil {
		return nil
	}
	path := conns.CleanPath(f.Pkg().Path())
	if f.Name() == "Put" && (path == "github.com/valyala/bytebufferpool" || path == "sync") {
		return []int{0}
	}
	if h := c.handlesOf(f); h != nil {
		return h.Pooled
	}
	return nil
}
