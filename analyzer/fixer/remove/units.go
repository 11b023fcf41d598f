package remove

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// unit is one declaration at package level: a function, or one line of a block.
type unit struct {
	pkg       *driver.Package
	path      string
	generated bool
	names     []string // "example.com/app/ws.hub"; empty for what nothing can name
	method    bool
	receiver  string // of a method, as in names
	node      ast.Node
	whole     ast.Node // node, or the declaration that holds nothing else
	decl      *ast.GenDecl
	doc       *ast.CommentGroup
	comment   *ast.CommentGroup
	refs      []reference
}

// reference is a name of package level that a unit mentions.
type reference struct {
	name     string
	pos, end token.Pos // with the package in front
}

func (u *unit) declares(names []string) bool {
	for _, name := range names {
		for _, own := range u.names {
			if own == name && !u.method {
				return true
			}
		}
	}
	return false
}

func (u *unit) mentions(names []string) bool {
	for _, ref := range u.refs {
		for _, name := range names {
			if ref.name == name {
				return true
			}
		}
	}
	return false
}

// unitsOf lists the declarations of all packages from source, each file once:
// tests' variants of packages repeat the files of the original.
func unitsOf(program *driver.Program) []*unit {
	var all []*unit
	seen := map[string]bool{}
	for _, pkg := range program.Packages {
		for i, file := range pkg.Files {
			if path := pkg.FileNames[i]; !seen[path] && pkg.Info != nil {
				seen[path] = true
				all = append(all, unitsIn(pkg, path, file)...)
			}
		}
	}
	return all
}

func unitsIn(pkg *driver.Package, path string, file *ast.File) []*unit {
	var all []*unit
	wrote := generated(file)
	add := func(u *unit, idents ...*ast.Ident) {
		u.pkg, u.path, u.generated = pkg, path, wrote
		for _, id := range idents {
			if id.Name != "_" {
				u.names = append(u.names, clean(pkg.Path)+"."+id.Name)
			}
		}
		u.refs = references(pkg.Info, u.node)
		all = append(all, u)
	}
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			u := &unit{node: decl, whole: decl, doc: decl.Doc}
			if decl.Recv != nil {
				u.method = true
				if fn, ok := pkg.Info.Defs[decl.Name].(*types.Func); ok {
					if recv := named(fn.Signature().Recv().Type()); recv != nil {
						u.receiver = objectName(recv.Obj())
					}
				}
			}
			add(u, decl.Name)
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				u := &unit{node: spec, whole: decl, decl: decl, doc: decl.Doc}
				switch spec := spec.(type) {
				case *ast.ValueSpec:
					u.comment = spec.Comment
					if decl.Lparen.IsValid() && len(decl.Specs) > 1 {
						u.doc = spec.Doc
					}
					add(u, spec.Names...)
				case *ast.TypeSpec:
					u.comment = spec.Comment
					if decl.Lparen.IsValid() && len(decl.Specs) > 1 {
						u.doc = spec.Doc
					}
					add(u, spec.Name)
				}
			}
		}
	}
	return all
}

// references lists the objects of package level that a declaration mentions,
// methods apart.
func references(info *types.Info, n ast.Node) []reference {
	var refs []reference
	starts := map[*ast.Ident]token.Pos{}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				if _, pkg := info.Uses[x].(*types.PkgName); pkg {
					starts[n.Sel] = n.Pos()
				}
			}
		case *ast.Ident:
			obj := info.Uses[n]
			if obj == nil || obj.Pkg() == nil || obj.Parent() != obj.Pkg().Scope() {
				return true
			}
			pos := n.Pos()
			if start, ok := starts[n]; ok {
				pos = start
			}
			refs = append(refs, reference{objectName(obj), pos, n.End()})
		}
		return true
	})
	return refs
}

func objectName(obj types.Object) string { return clean(obj.Pkg().Path()) + "." + obj.Name() }

func nameOf(fn *types.Func) string {
	if fn.Signature().Recv() != nil {
		return ""
	}
	return objectName(fn)
}

func clean(path string) string {
	path, _, _ = strings.Cut(path, " ")
	return path
}
