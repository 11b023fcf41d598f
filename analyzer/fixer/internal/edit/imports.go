package edit

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strconv"
	"strings"
)

// AddImport returns the edits that make src import importPath under name; an
// empty name leaves it to the package's own. The new line goes into the group of
// imports it resembles most, in alphabetical place. A file that imports the path
// under that name already needs no edit.
func AddImport(src []byte, importPath, name string) ([]Edit, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	line := strconv.Quote(importPath)
	if name != "" {
		line = name + " " + line
	}
	offset := func(pos token.Pos) int { return fset.Position(pos).Offset }
	var block, single *ast.GenDecl
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT || importsC(gen) {
			continue
		}
		if gen.Lparen.IsValid() && len(gen.Specs) > 0 {
			block = gen
		} else if len(gen.Specs) == 1 {
			single = gen
		}
		for _, spec := range gen.Specs {
			if is := spec.(*ast.ImportSpec); pathOf(is) == importPath && nameOf(is) == name {
				return nil, nil
			}
		}
	}
	switch {
	case block != nil:
		return []Edit{intoBlock(src, fset, block, importPath, line)}, nil
	case single != nil:
		return besideSingle(src, fset, single, importPath, line), nil
	}
	end := offset(file.Name.End())
	return []Edit{{end, end, "\n\nimport " + line}}, nil
}

// SwapImport returns the edits that let a declaration which imports nothing but
// oldPath under oldName import newPath instead; none when there is no such one, or
// when it is part of a block.
func SwapImport(src []byte, oldPath, oldName, newPath, newName string) ([]Edit, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.IMPORT || gen.Lparen.IsValid() {
			continue
		}
		spec := gen.Specs[0].(*ast.ImportSpec)
		if pathOf(spec) == oldPath && nameOf(spec) == oldName {
			line := strconv.Quote(newPath)
			if newName != "" {
				line = newName + " " + line
			}
			return []Edit{{fset.Position(spec.Pos()).Offset, fset.Position(spec.Path.End()).Offset, line}}, nil
		}
	}
	return nil, nil
}

// intoBlock finds the import after or before which the new one belongs. A path of
// another kind than every present one opens a group of its own.
func intoBlock(src []byte, fset *token.FileSet, block *ast.GenDecl, importPath, line string) Edit {
	best, score := -1, -1
	for i, spec := range block.Specs {
		if is := spec.(*ast.ImportSpec); resemblance(pathOf(is), importPath) > score {
			best, score = i, resemblance(pathOf(is), importPath)
		}
	}
	offset := func(pos token.Pos) int { return fset.Position(pos).Offset }
	if score == 0 {
		end := lineEnd(src, offset(block.Specs[len(block.Specs)-1].End()))
		return Edit{end, end, "\n\n\t" + line}
	}
	first, last := groupAround(fset, block, best)
	for i := first; i <= last; i++ {
		if is := block.Specs[i].(*ast.ImportSpec); pathOf(is) > importPath {
			at := offset(is.Pos())
			if is.Doc != nil {
				at = offset(is.Doc.Pos())
			}
			return Edit{at, at, line + "\n\t"}
		}
	}
	end := lineEnd(src, offset(block.Specs[last].End()))
	return Edit{end, end, "\n\t" + line}
}

// groupAround returns the first and last of the specs that stand on consecutive
// lines with the one at index i.
func groupAround(fset *token.FileSet, block *ast.GenDecl, i int) (first, last int) {
	row := func(k int) int { return fset.Position(block.Specs[k].Pos()).Line }
	for first = i; first > 0 && row(first)-row(first-1) == 1; {
		first--
	}
	for last = i; last < len(block.Specs)-1 && row(last+1)-row(last) == 1; {
		last++
	}
	return first, last
}

// besideSingle turns `import "a"` into a block, unless a comment makes that
// risky: then the new import gets a declaration of its own.
func besideSingle(src []byte, fset *token.FileSet, single *ast.GenDecl, importPath, line string) []Edit {
	spec := single.Specs[0].(*ast.ImportSpec)
	start, end := fset.Position(single.Pos()).Offset, fset.Position(single.End()).Offset
	if spec.Comment != nil || spec.Doc != nil || single.Lparen.IsValid() {
		at := lineEnd(src, end)
		return []Edit{{at, at, "\nimport " + line}}
	}
	old := string(src[fset.Position(spec.Pos()).Offset:end])
	gap := "\n"
	if resemblance(pathOf(spec), importPath) == 0 {
		gap = "\n\n"
	}
	first, second := old, line
	if gap == "\n" && pathOf(spec) > importPath {
		first, second = line, old
	}
	return []Edit{{start, end, "import (\n\t" + first + gap + "\t" + second + "\n)"}}
}

// resemblance is 0 for paths of different kinds (standard library or not), and
// grows with the elements that both begin with.
func resemblance(a, b string) int {
	if isStandard(a) != isStandard(b) {
		return 0
	}
	score := 1
	as, bs := strings.Split(a, "/"), strings.Split(b, "/")
	for i := 0; i < len(as) && i < len(bs) && as[i] == bs[i]; i++ {
		score++
	}
	return score
}

func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func importsC(gen *ast.GenDecl) bool {
	for _, spec := range gen.Specs {
		if pathOf(spec.(*ast.ImportSpec)) == "C" {
			return true
		}
	}
	return false
}

func pathOf(spec *ast.ImportSpec) string {
	importPath, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return path.Base(spec.Path.Value)
	}
	return importPath
}

func nameOf(spec *ast.ImportSpec) string {
	if spec.Name == nil {
		return ""
	}
	return spec.Name.Name
}

func lineEnd(src []byte, from int) int {
	for i := from; i < len(src); i++ {
		if src[i] == '\n' {
			if i > 0 && src[i-1] == '\r' {
				return i - 1
			}
			return i
		}
	}
	return len(src)
}
