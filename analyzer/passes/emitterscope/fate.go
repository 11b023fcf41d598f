package emitterscope

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// fate is what becomes of one mention of an emitter.
type fate uint8

const (
	gone    fate = iota // passed, returned, stored: someone else's from here on
	set                 // assigned to, or declared
	looked              // compared with nil
	called              // a method is called on it, or taken as a value
	kept                // stored in a field of a type of this package
	dropped             // assigned to the blank identifier
)

// mention classifies one mention; name is the method of called, field the field
// of kept.
func (c *checker) mention(cursor inspector.Cursor) (f fate, name string, field *types.Var) {
	expr := cursor.Node()
	for cursor.ParentEdgeKind() == edge.ParenExpr_X {
		cursor = cursor.Parent()
		expr = cursor.Node()
	}
	switch parent := cursor.Parent().Node().(type) {
	case *ast.SelectorExpr:
		if m, ok := c.pass.TypesInfo.Uses[parent.Sel].(*types.Func); ok && ofRuntime(m) {
			return called, m.Name(), nil
		}
	case *ast.BinaryExpr:
		if parent.Op == token.EQL || parent.Op == token.NEQ {
			return looked, "", nil
		}
	case *ast.AssignStmt:
		return c.inAssign(parent, cursor)
	case *ast.ValueSpec:
		if cursor.ParentEdgeKind() == edge.ValueSpec_Names {
			return set, "", nil
		}
	case *ast.Field:
		return set, "", nil
	case *ast.KeyValueExpr:
		if parent.Key == expr {
			return set, "", nil
		}
		if key, ok := parent.Key.(*ast.Ident); ok {
			if v, ok := c.pass.TypesInfo.Uses[key].(*types.Var); ok && v.IsField() {
				return kept, "", v.Origin()
			}
		}
	}
	return gone, "", nil
}

func (c *checker) inAssign(n *ast.AssignStmt, cursor inspector.Cursor) (fate, string, *types.Var) {
	if cursor.ParentEdgeKind() == edge.AssignStmt_Lhs {
		return set, "", nil
	}
	if len(n.Lhs) != len(n.Rhs) {
		return gone, "", nil
	}
	lhs := ast.Unparen(n.Lhs[cursor.ParentEdgeIndex()])
	if id, ok := lhs.(*ast.Ident); ok && id.Name == "_" {
		return dropped, "", nil
	}
	if v := c.variable(lhs); v != nil && v.IsField() {
		return kept, "", v
	}
	return gone, "", nil
}

// statement is the statement that cursor is part of, as an element of a list of
// statements where possible.
func statement(cursor inspector.Cursor) inspector.Cursor {
	for {
		switch cursor.ParentEdgeKind() {
		case edge.BlockStmt_List, edge.CaseClause_Body, edge.CommClause_Body, edge.Invalid:
			return cursor
		}
		cursor = cursor.Parent()
	}
}

// function is the innermost function that cursor is in.
func function(cursor inspector.Cursor) (inspector.Cursor, bool) {
	for f := range cursor.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		return f, true
	}
	return cursor, false
}

func within(outer ast.Node, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}
