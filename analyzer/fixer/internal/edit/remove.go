package edit

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// RemoveImport returns the edits that drop the import of importPath under name,
// with its comments, and the whole declaration when nothing else is in it.
func RemoveImport(src []byte, importPath, name string) ([]Edit, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT {
			continue
		}
		for i, spec := range gen.Specs {
			is := spec.(*ast.ImportSpec)
			if pathOf(is) != importPath || nameOf(is) != name {
				continue
			}
			if len(gen.Specs) == 1 {
				return []Edit{Lines(src, fset, docPos(gen.Doc, gen.Pos()), gen.End())}, nil
			}
			cut := Lines(src, fset, docPos(is.Doc, is.Pos()), commentEnd(is.Comment, is.End()))
			if aloneInGroup(fset, gen, i) {
				cut = withBlankLine(src, cut, i == len(gen.Specs)-1)
			}
			return []Edit{cut}, nil
		}
	}
	return nil, nil
}

// RemoveAssignment returns the edits that delete the statement which declares the
// variable at an offset, when it declares nothing else and its value comes from a
// plain name, a call without arguments, such as an accessor's, or one that looks a
// literal name up in a request. Of several variables it leaves one blank.
func RemoveAssignment(src []byte, offset int) []Edit {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	var found []Edit
	ast.Inspect(file, func(n ast.Node) bool {
		assign, ok := n.(*ast.AssignStmt)
		if ok && len(assign.Lhs) > 1 {
			found = append(found, blankAt(fset, assign, offset)...)
			return true
		}
		if !ok || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 || fset.Position(assign.Lhs[0].Pos()).Offset != offset {
			return true
		}
		switch value := assign.Rhs[0].(type) {
		case *ast.CallExpr:
			if len(value.Args) == 0 || asksRequest(value) {
				found = []Edit{Lines(src, fset, assign.Pos(), assign.End())}
			}
		case *ast.Ident, *ast.SelectorExpr:
			found = []Edit{Lines(src, fset, assign.Pos(), assign.End())}
		}
		return false
	})
	return found
}

// asksRequest reports whether a call reads a named value, as r.FormValue("user") does.
func asksRequest(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	if _, literal := call.Args[0].(*ast.BasicLit); !literal {
		return false
	}
	return slices.Contains([]string{"FormValue", "PathValue", "Get", "MustGet", "GetString", "Param", "Query", "QueryParam"}, sel.Sel.Name)
}

// blankAt blanks the variable at an offset where the statement declares another one.
func blankAt(fset *token.FileSet, assign *ast.AssignStmt, offset int) []Edit {
	var blank []Edit
	others := 0
	for _, left := range assign.Lhs {
		ident, ok := left.(*ast.Ident)
		switch {
		case ok && fset.Position(ident.Pos()).Offset == offset:
			blank = []Edit{{offset, offset + len(ident.Name), "_"}}
		case !ok || ident.Name != "_":
			others++
		}
	}
	if others == 0 {
		return nil
	}
	return blank
}

// Lines is the deletion of the whole lines from pos up to end, provided that
// nothing else stands on them; otherwise of just those bytes.
func Lines(src []byte, fset *token.FileSet, pos, end token.Pos) Edit {
	start, stop := fset.Position(pos).Offset, fset.Position(end).Offset
	begin := bytes.LastIndexByte(src[:start], '\n') + 1
	finish := lineEnd(src, stop)
	if len(bytes.TrimSpace(src[begin:start])) > 0 || len(bytes.TrimSpace(src[stop:finish])) > 0 {
		return Edit{start, stop, ""}
	}
	return Edit{begin, afterNewline(src, finish), ""}
}

// WithBlankLine widens a deletion of whole lines by the blank line that would be
// left double: the one behind it.
func WithBlankLine(src []byte, cut Edit) Edit { return withBlankLine(src, cut, false) }

// withBlankLine widens a deletion by the blank line that would be left double or
// dangling: the one behind it, or the one before it at the end of a block.
func withBlankLine(src []byte, cut Edit, last bool) Edit {
	if end := lineEnd(src, cut.End); !last && len(bytes.TrimSpace(src[cut.End:end])) == 0 {
		cut.End = afterNewline(src, end)
		return cut
	}
	before := bytes.LastIndexByte(src[:max(cut.Start-1, 0)], '\n') + 1
	if len(bytes.TrimSpace(src[before:cut.Start])) == 0 {
		cut.Start = before
	}
	return cut
}

func aloneInGroup(fset *token.FileSet, gen *ast.GenDecl, i int) bool {
	first, last := groupAround(fset, gen, i)
	return first == last
}

func afterNewline(src []byte, at int) int {
	for at < len(src) {
		at++
		if src[at-1] == '\n' {
			break
		}
	}
	return at
}

func docPos(doc *ast.CommentGroup, pos token.Pos) token.Pos {
	if doc != nil {
		return doc.Pos()
	}
	return pos
}

func commentEnd(comment *ast.CommentGroup, end token.Pos) token.Pos {
	if comment != nil {
		return comment.End()
	}
	return end
}
