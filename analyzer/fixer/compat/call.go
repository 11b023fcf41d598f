package compat

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// becomes says what a call of the manager is on the generated package. Then is the
// emitter's method when the first argument is a user.
var becomes = map[string]struct{ name, then string }{
	"SendToUser":     {"EmitterFor", "Send"},
	"Connect":        {"EmitterFor", "Attach"},
	"Register":       {"EmitterFor", "Attach"},
	"Unregister":     {"EmitterFor", "Detach"},
	"Disconnect":     {"EmitterFor", "CloseAll"},
	"IsConnected":    {"EmitterFor", "Connected"},
	"For":            {"EmitterFor", ""},
	"Broadcast":      {"BroadcastAll", ""},
	"BroadcastAll":   {"BroadcastAll", ""},
	"ConnectedUsers": {"Users", ""},
	"Users":          {"Users", ""},
	"Shutdown":       {"Stop", ""},
	"Stop":           {"Stop", ""},
	"Factory":        {"Factory", ""},
}

// callable reports whether a call can be rewritten where it stands.
func (w *writer) callable(call *ast.CallExpr, name string) bool {
	if len(call.Args) == 1 {
		if _, tuple := w.pkg.Info.TypeOf(call.Args[0]).(*types.Tuple); tuple {
			return false
		}
	}
	if name == "Shutdown" {
		_, ok := w.context(call.Pos())
		return ok
	}
	_, ok := becomes[name]
	return ok
}

// call rewrites a call of a method. A direct one takes the place of the accessor
// before it.
func (w *writer) call(call *ast.CallExpr, sel *ast.SelectorExpr, name string, direct bool) {
	to := becomes[name]
	if direct {
		w.plan.Needs.Package[to.name] = true
		w.edit(sel.Pos(), sel.End(), w.qualified(to.name))
	} else {
		w.plan.Needs.Manager[to.name] = true
		if name != to.name {
			w.edit(sel.Sel.Pos(), sel.Sel.End(), to.name)
		}
	}
	if name == "Shutdown" {
		text, _ := w.context(call.Pos())
		w.edit(call.Rparen, call.Rparen, text+"Background()")
	}
	if to.then == "" {
		return
	}
	w.plan.Needs.Emitter[to.then] = true
	if len(call.Args) == 1 {
		w.edit(call.Rparen+1, call.Rparen+1, "."+to.then+"()")
		return
	}
	w.split(call, to.then)
}

// split turns the comma behind the user into the end of one call and the start of
// the next. Comments and line breaks around it stay.
func (w *writer) split(call *ast.CallExpr, then string) {
	from, to := w.offset(call.Args[0].End()), w.offset(call.Args[1].Pos())
	comma := from + commaIn(string(w.src[from:to]))
	end := comma + 1
	if strings.Trim(string(w.src[end:to]), " \t") == "" {
		end = to
	}
	w.Edits = append(w.Edits, edit.Edit{Start: comma, End: end, New: ")." + then + "("})
}

// commaIn finds the comma in the text between two arguments, outside of comments.
func commaIn(gap string) int {
	for i := 0; i < len(gap); i++ {
		switch {
		case strings.HasPrefix(gap[i:], "/*"):
			i += strings.Index(gap[i:], "*/") + 1
		case strings.HasPrefix(gap[i:], "//"):
			i += strings.IndexByte(gap[i:], '\n')
		case gap[i] == ',':
			return i
		}
	}
	return 0
}

// context is how the file writes the package context at a place, with the dot.
func (w *writer) context(at token.Pos) (string, bool) {
	scope := w.pkg.Info.Scopes[w.syntax]
	if scope == nil {
		return "", false
	}
	inner := scope.Innermost(at)
	if inner == nil {
		inner = scope
	}
	_, obj := inner.LookupParent("context", at)
	if name, ok := obj.(*types.PkgName); ok {
		return "context.", name.Imported().Path() == "context"
	}
	if obj != nil {
		return "", false
	}
	w.addImport(bind.Import{Path: "context"})
	return "context.", true
}

func (w *writer) addImport(imported bind.Import) {
	for _, have := range w.Imports {
		if have == imported {
			return
		}
	}
	w.Imports = append(w.Imports, imported)
}

// watch deals with what only serves to watch the layer: with nothing left to
// watch, a statement that switches it on or off goes; whatever asks for more
// stays.
func (w *writer) watch(path []ast.Node) {
	expr, parents := whole(path)
	call, called := parents[0].(*ast.CallExpr)
	if called && call.Fun == expr {
		switch stmt := parents[1].(type) {
		case *ast.ExprStmt:
			w.deleteStatement(stmt)
			return
		case *ast.DeferStmt:
			w.deleteStatement(stmt)
			return
		case *ast.CallExpr: // defer compat.Strict(compat.Strict(true))
			if stmt.Fun != call && len(parents) > 2 {
				return
			}
		}
	}
	w.Kept = append(w.Kept, expr.Pos())
}

func (w *writer) deleteStatement(stmt ast.Stmt) {
	w.Edits = append(w.Edits, edit.Lines(w.src, w.fset, stmt.Pos(), stmt.End()))
	ast.Inspect(stmt, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			w.done[id] = true
		}
		return true
	})
}

// unsilence removes the comment that kept lint quiet about a place that is
// rewritten: unused, it would be a finding itself.
func (w *writer) unsilence(at token.Pos) {
	line := w.fset.Position(at).Line
	for _, group := range w.syntax.Comments {
		for _, c := range group.List {
			if !strings.HasPrefix(c.Text, "//wsmig:ignore compat ") {
				continue
			}
			if on := w.fset.Position(c.Pos()).Line; on != line && on != line-1 {
				continue
			}
			cut := edit.Lines(w.src, w.fset, c.Pos(), c.End())
			for cut.Start > 0 && cut.End == w.offset(c.End()) && (w.src[cut.Start-1] == ' ' || w.src[cut.Start-1] == '\t') {
				cut.Start-- // behind code
			}
			w.Edits = append(w.Edits, cut)
		}
	}
}
