package singleton

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// boundMark begins the comment at the top of files that wsmig fix writes.
const boundMark = "// Code by wsmig fix; singleton="

// Bound reports whether wsmig fix wrote the file.
func Bound(file *ast.File) bool {
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, c := range group.List {
			if strings.HasPrefix(c.Text, boundMark) {
				return true
			}
		}
	}
	return false
}

// indexBound notes the functions of files that wsmig fix wrote.
func (r *run) indexBound() {
	for _, file := range r.pass.Files {
		if !Bound(file) {
			continue
		}
		for _, decl := range file.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok {
				if obj, ok := r.pass.TypesInfo.Defs[fn.Name].(*types.Func); ok {
					r.bound[flow.FuncName(obj)] = true
				}
			}
		}
	}
}

// isBound reports whether a call goes to code that wsmig fix wrote, in this package
// or below: such a use has been migrated.
func (r *run) isBound(fn *types.Func) bool { return fn != nil && r.bound[flow.FuncName(fn)] }
