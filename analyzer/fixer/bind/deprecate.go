package bind

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// Deprecate returns the edits that mark the declaration of an accessor, a
// function or a package variable, as deprecated in favour of replacement. One
// that is marked already needs none.
func Deprecate(f *File, obj types.Object, replacement string) []edit.Edit {
	for _, decl := range f.Syntax.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if f.Info.Defs[decl.Name] == obj {
				return f.deprecate(decl.Doc, decl.Pos(), obj.Name()+" is the old way in.", replacement)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				vs, ok := spec.(*ast.ValueSpec)
				if !ok || len(vs.Names) != 1 || f.Info.Defs[vs.Names[0]] != obj {
					continue
				}
				if !decl.Lparen.IsValid() {
					return f.deprecate(decl.Doc, decl.Pos(), obj.Name()+" is the old way in.", replacement)
				}
				return f.deprecate(vs.Doc, vs.Pos(), obj.Name()+" is the old way in.", replacement)
			}
		}
	}
	return nil
}

func (f *File) deprecate(doc *ast.CommentGroup, pos token.Pos, summary, replacement string) []edit.Edit {
	note := "// Deprecated: use [" + replacement + "]: what it sends is bound to one addressee."
	start := f.offset(pos)
	indent := f.indent(start)
	if doc == nil {
		return []edit.Edit{{Start: start, End: start, New: "// " + summary + "\n" + indent + "//\n" + indent + note + "\n" + indent}}
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "// Deprecated:") || strings.HasPrefix(c.Text, "/*") {
			return nil
		}
	}
	at := f.offset(doc.End())
	if last := doc.List[len(doc.List)-1]; directive(last.Text) {
		at = f.offset(last.Pos())
		blank := "//\n" + indent
		text := note + "\n" + indent + blank
		switch n := len(doc.List); {
		case n == 1:
			text = "// " + summary + "\n" + indent + blank + text
		case doc.List[n-2].Text != "//":
			text = blank + text
		}
		return []edit.Edit{{Start: at, End: at, New: text}}
	}
	return []edit.Edit{{Start: at, End: at, New: "\n" + indent + "//\n" + indent + note}}
}

// directive reports whether a comment line is one for tools, such as //go:noinline.
func directive(text string) bool {
	return len(text) > 2 && text[2] != ' ' && text[2] != '\t'
}

// indent is the white space before the text at an offset.
func (f *File) indent(at int) string {
	from := at
	for from > 0 && (f.Src[from-1] == ' ' || f.Src[from-1] == '\t') {
		from--
	}
	return string(f.Src[from:at])
}
