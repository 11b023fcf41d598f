// Package fingerprint names findings by what they are, so that a baseline and a
// code scanner know them again after edits elsewhere in the file: by rule, package,
// function and the text of the code without its layout, never by a line.
package fingerprint

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"go/ast"
	"go/printer"
	"go/scanner"
	"go/token"
	"go/types"
	"strings"
)

// Of is the fingerprint of a finding at a piece of syntax.
func Of(fset *token.FileSet, rule, pkg, function string, n ast.Node) string {
	var b bytes.Buffer
	_ = printer.Fprint(&b, fset, n)
	sum := sha256.Sum256([]byte(strings.Join([]string{rule, pkg, function, normal(b.Bytes())}, "\x00")))
	return hex.EncodeToString(sum[:12])
}

// normal is code as its tokens alone: without comments, and without the commas and
// semicolons that come and go as lines are broken.
func normal(code []byte) string {
	var words []string
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(code)), code, nil, 0)
	for {
		_, tok, lit := s.Scan()
		last := len(words) - 1
		switch {
		case tok == token.EOF:
			return strings.Join(words, " ")
		case tok == token.SEMICOLON:
			lit = ";"
		case (tok == token.RPAREN || tok == token.RBRACE) && last >= 0 && (words[last] == "," || words[last] == ";"):
			words, lit = words[:last], tok.String()
		case lit == "":
			lit = tok.String()
		}
		words = append(words, lit)
	}
}

// Path is the import path of a package as fingerprints name it: tests are of the
// package that they test.
func Path(path string) string {
	path, _, _ = strings.Cut(path, " ")
	return strings.TrimSuffix(path, "_test")
}

// Around is the outermost syntax at a place, and the name of the function that it
// is in.
func Around(files []*ast.File, pos, end token.Pos) (ast.Node, string) {
	if !end.IsValid() {
		end = pos
	}
	for _, file := range files {
		if pos < file.FileStart || pos > file.FileEnd {
			continue
		}
		function := ""
		var found ast.Node = file.Name
		ast.Inspect(file, func(n ast.Node) bool {
			if n == nil || n.Pos() > pos || n.End() < end {
				return false
			}
			if fn, ok := n.(*ast.FuncDecl); ok {
				function = FuncName(fn)
			}
			if n != ast.Node(file) {
				found = n
			}
			return n.Pos() != pos || n.End() != end
		})
		return found, function
	}
	return &ast.BadExpr{From: pos, To: end}, ""
}

// FuncName is the name of a function as findings write it, "(*T).M" for methods.
func FuncName(fn *ast.FuncDecl) string {
	if fn.Recv == nil || len(fn.Recv.List) == 0 {
		return fn.Name.Name
	}
	return "(" + types.ExprString(fn.Recv.List[0].Type) + ")." + fn.Name.Name
}
