package bind

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// Generated reports whether a file was written by wsmig fix, and for which
// singleton.
func Generated(file *ast.File) (singleton string, ok bool) {
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, c := range group.List {
			if name, found := strings.CutPrefix(c.Text, Marker); found {
				return strings.TrimSpace(name), true
			}
		}
	}
	return "", false
}

// Adopt gives emitters the names of those that an earlier run declared for the
// same kind of addressee with the same key, and reports which names those are.
// Emitters without a predecessor keep empty names.
func Adopt(emitters []*Emitter, pkg *types.Package, earlier *ast.File) (declared map[string]bool) {
	declared = map[string]bool{}
	for _, decl := range earlier.Decls {
		switch decl := decl.(type) {
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					declared[spec.Name.Name] = true
					adoptType(emitters, pkg, decl.Doc, spec)
				case *ast.ValueSpec:
					for _, name := range spec.Names {
						declared[name.Name] = true
					}
				}
			}
		case *ast.FuncDecl:
			declared[decl.Name.Name] = true
		}
	}
	return declared
}

func adoptType(emitters []*Emitter, pkg *types.Package, doc *ast.CommentGroup, spec *ast.TypeSpec) {
	named, ok := pkg.Scope().Lookup(spec.Name.Name).(*types.TypeName)
	if !ok {
		return
	}
	structure, ok := named.Type().Underlying().(*types.Struct)
	if !ok || !strings.HasSuffix(strings.TrimRight(spec.Name.Name, "0123456789"), "Emitter") {
		return
	}
	for _, e := range emitters {
		if e.Type == "" && strings.Contains(doc.Text(), " one "+e.Kind.noun()) && e.sameKey(structure) {
			e.Type = spec.Name.Name
			e.For, e.Recipient = renamed(e.Type, "EmitterFor"), renamed(e.Type, "Recipient")
			return
		}
	}
}

// sameKey compares the key with the last field of an emitter's struct, or with
// the fields of that.
func (e *Emitter) sameKey(structure *types.Struct) bool {
	n := structure.NumFields()
	if n == 0 {
		return false
	}
	last := structure.Field(n - 1).Type()
	if !e.compound() {
		return sameType(last, e.Key[0].Type)
	}
	parts, ok := last.Underlying().(*types.Struct)
	if !ok || parts.NumFields() != len(e.Key) {
		return false
	}
	for i, f := range e.Key {
		if !types.Identical(parts.Field(i).Type(), f.Type) {
			return false
		}
	}
	return true
}

// sameType compares types; of two generic declarations parameters are the same that
// stand in the same place.
func sameType(a, b types.Type) bool {
	x, generic := a.(*types.TypeParam)
	if y, ok := b.(*types.TypeParam); ok && generic {
		return x.Index() == y.Index()
	}
	return types.Identical(a, b)
}

// Merge returns the file of an earlier run with the declarations of fresh that it
// lacks behind its own, and their imports. What is there already stays: it may
// have been edited.
func Merge(earlier, fresh []byte) ([]byte, error) {
	have, err := parse(earlier)
	if err != nil {
		return nil, err
	}
	want, err := parse(fresh)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, decl := range have.syntax.Decls {
		known[declared(decl)] = true
	}
	out := strings.TrimRight(string(earlier), "\n") + "\n"
	added := false
	for _, decl := range want.syntax.Decls {
		if name := declared(decl); name != "" && !known[name] {
			out += "\n" + want.source(decl) + "\n"
			added = true
		}
	}
	if !added {
		return earlier, nil
	}
	return withImports([]byte(out), want.syntax)
}

// withImports adds the imports of another file that the text uses.
func withImports(text []byte, from *ast.File) ([]byte, error) {
	for _, spec := range from.Imports {
		name := ""
		if spec.Name != nil {
			name = spec.Name.Name
		}
		path := strings.Trim(spec.Path.Value, `"`)
		local := name
		if local == "" {
			local = path[strings.LastIndexByte(path, '/')+1:]
		}
		if !strings.Contains(string(text), local+".") {
			continue
		}
		edits, err := edit.AddImport(text, path, name)
		if err != nil {
			return nil, err
		}
		if text, err = edit.Apply(text, edits); err != nil {
			return nil, err
		}
	}
	return text, nil
}

type parsed struct {
	fset   *token.FileSet
	syntax *ast.File
	text   []byte
}

func parse(text []byte) (*parsed, error) {
	p := &parsed{fset: token.NewFileSet(), text: text}
	var err error
	p.syntax, err = parser.ParseFile(p.fset, "", text, parser.ParseComments)
	return p, err
}

// source is a declaration with its comment.
func (p *parsed) source(decl ast.Decl) string {
	pos := decl.Pos()
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Doc != nil {
			pos = decl.Doc.Pos()
		}
	case *ast.GenDecl:
		if decl.Doc != nil {
			pos = decl.Doc.Pos()
		}
	}
	return string(p.text[p.fset.Position(pos).Offset:p.fset.Position(decl.End()).Offset])
}

// declared names a declaration, "T.M" for methods; "" for imports.
func declared(decl ast.Decl) string {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil || len(decl.Recv.List) == 0 {
			return decl.Name.Name
		}
		recv := decl.Recv.List[0].Type
		if star, ok := recv.(*ast.StarExpr); ok {
			recv = star.X
		}
		switch generic := recv.(type) {
		case *ast.IndexExpr:
			recv = generic.X
		case *ast.IndexListExpr:
			recv = generic.X
		}
		if ident, ok := recv.(*ast.Ident); ok {
			return ident.Name + "." + decl.Name.Name
		}
	case *ast.GenDecl:
		if len(decl.Specs) > 0 {
			switch spec := decl.Specs[0].(type) {
			case *ast.TypeSpec:
				return spec.Name.Name
			case *ast.ValueSpec:
				return spec.Names[0].Name
			}
		}
	}
	return ""
}
