package bind

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// fixture is a program of a few packages in memory. A comment in front of a
// function declares it an op, for example "//op user 0" or "//op room 1.Target.ID"
// (kind, then the parameters that are the key); "//op user =SetUser" names the
// setter of a stateful send, and "//accessor" stands before the manager's.
type fixture struct {
	t        require.TestingT
	fset     *token.FileSet
	files    map[string]*File // by name, "pkg/file.go"
	packages map[string]*types.Package
	ops      map[string]*Op // by full name
	accessor map[string]string
	accObj   map[string]types.Object
	refused  []string
}

var stdImporter = sync.OnceValue(func() types.Importer { return importer.ForCompiler(token.NewFileSet(), "source", nil) })

// Import implements types.Importer for the fixture's own packages and a few of
// the standard library.
func (x *fixture) Import(importPath string) (*types.Package, error) {
	if pkg := x.packages[importPath]; pkg != nil {
		return pkg, nil
	}
	if slices.Contains([]string{"errors", "fmt", "log"}, importPath) {
		return stdImporter().Import(importPath)
	}
	return nil, fmt.Errorf("fixtures may not import %s", importPath)
}

// load type-checks the program; files are "pkg/name.go", packages come in
// alphabetical order unless one imports another.
func load(t require.TestingT, texts map[string]string) *fixture {
	x := &fixture{t: t, fset: token.NewFileSet(), files: map[string]*File{}, packages: map[string]*types.Package{},
		ops: map[string]*Op{}, accessor: map[string]string{}, accObj: map[string]types.Object{}}
	byPkg := map[string][]*ast.File{}
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		syntax, err := parser.ParseFile(x.fset, name, texts[name], parser.ParseComments)
		require.NoError(t, err, "%s", texts[name])
		byPkg[path.Dir(name)] = append(byPkg[path.Dir(name)], syntax)
		x.files[name] = &File{Fset: x.fset, Syntax: syntax, Src: []byte(texts[name])}
	}
	for len(byPkg) > 0 {
		before := len(byPkg)
		for _, dir := range slices.Sorted(maps.Keys(byPkg)) {
			if x.ready(byPkg[dir], byPkg) {
				x.check(dir, byPkg[dir])
				delete(byPkg, dir)
			}
		}
		require.Less(t, len(byPkg), before, "import cycle")
	}
	return x
}

func (x *fixture) ready(files []*ast.File, waiting map[string][]*ast.File) bool {
	for _, file := range files {
		for _, spec := range file.Imports {
			importPath, err := strconv.Unquote(spec.Path.Value)
			require.NoError(x.t, err)
			if waiting[importPath] != nil {
				return false
			}
		}
	}
	return true
}

func (x *fixture) check(dir string, files []*ast.File) {
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}, Implicits: map[ast.Node]types.Object{}}
	pkg, err := (&types.Config{Importer: x}).Check(dir, x.fset, files, info)
	require.NoError(x.t, err, "%s", x.dump(dir))
	x.packages[dir] = pkg
	for name, f := range x.files {
		if path.Dir(name) == dir {
			f.Info, f.Pkg = info, pkg
			x.marks(f)
		}
	}
}

func (x *fixture) dump(dir string) string {
	var out strings.Builder
	for name, f := range x.files {
		if path.Dir(name) == dir {
			fmt.Fprintf(&out, "-- %s --\n%s\n", name, f.Src)
		}
	}
	return out.String()
}

// marks reads the comments that declare ops and accessors.
func (x *fixture) marks(f *File) {
	for _, decl := range f.Syntax.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Doc == nil {
			continue
		}
		obj := f.Info.Defs[fn.Name].(*types.Func)
		for _, c := range fn.Doc.List {
			words := strings.Fields(c.Text)
			switch words[0] {
			case "//accessor":
				x.accessor[f.Pkg.Path()], x.accObj[f.Pkg.Path()] = fn.Name.Name+"()", obj
			case "//op":
				o := &Op{Func: obj, Kind: map[string]Kind{"user": User, "conn": Conn, "room": Room}[words[1]]}
				for _, word := range words[2:] {
					x.key(f, o, word)
				}
				x.ops[o.Name()] = o
			}
		}
	}
}

func (x *fixture) key(f *File, o *Op, word string) {
	if setter, ok := strings.CutPrefix(word, "="); ok {
		obj, _, _ := types.LookupFieldOrMethod(o.receiver(), true, f.Pkg, setter)
		o.Setter = obj.(*types.Func)
		return
	}
	number, field, _ := strings.Cut(word, ".")
	n, err := strconv.Atoi(number)
	require.NoError(x.t, err)
	o.Key = append(o.Key, KeyPart{n, field})
}

// bind rewrites every call of an op outside the managers' own methods and returns
// the program as it then is, type-checked.
func (x *fixture) bind(mode Mode) map[string]string {
	emitters := x.emitters()
	out := map[string]string{}
	for name, f := range x.files {
		edits := x.rewrite(f, emitters)
		if obj := x.accObj[f.Pkg.Path()]; obj != nil && len(emitters[f.Pkg.Path()]) > 0 {
			edits = append(edits, Deprecate(f, obj, emitters[f.Pkg.Path()][0].For)...)
		}
		text, err := edit.Apply(f.Src, edits)
		require.NoError(x.t, err, "%s", f.Src)
		out[name] = string(edit.Format(f.Src, text))
	}
	for pkg, list := range emitters {
		if len(list) > 0 {
			text, err := Generate(list, mode)
			require.NoError(x.t, err)
			out[pkg+"/zz_emitter.go"] = string(text)
		}
	}
	load(x.t, out)
	return out
}

func (x *fixture) emitters() map[string][]*Emitter {
	byPkg := map[string][]*Op{}
	for _, o := range x.ops {
		if o.Unsupported() == "" {
			byPkg[o.Func.Pkg().Path()] = append(byPkg[o.Func.Pkg().Path()], o)
		}
	}
	all := map[string][]*Emitter{}
	for pkg, ops := range byPkg {
		slices.SortFunc(ops, func(a, b *Op) int { return int(a.Func.Pos() - b.Func.Pos()) })
		all[pkg] = Emitters(pkg+".instance", x.packages[pkg], x.accessor[pkg], ops)
		Choose(all[pkg], ScopeTaken(x.packages[pkg]))
	}
	return all
}

func (x *fixture) rewrite(f *File, emitters map[string][]*Emitter) []edit.Edit {
	var edits []edit.Edit
	stateful := map[*Op][]*ast.CallExpr{}
	take := func(at ast.Node, r *Rewrite, err error) {
		if err != nil {
			x.refused = append(x.refused, f.text(at)+": "+err.Error())
			return
		}
		edits = append(edits, r.Edits...)
		for _, imported := range r.Imports {
			add, err := edit.AddImport(f.Src, imported.Path, imported.Name)
			require.NoError(x.t, err)
			edits = append(edits, add...)
		}
	}
	for _, decl := range f.Syntax.Decls {
		if fn, ok := decl.(*ast.FuncDecl); ok && x.ops[f.fullName(fn)] != nil {
			continue // the manager's own business
		}
		called := map[ast.Expr]bool{}
		ast.Inspect(decl, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return x.value(f, n, called, emitters, take)
			}
			called[call.Fun] = true
			o, e := x.opOf(f, call, emitters)
			switch {
			case o == nil:
			case o.Setter != nil:
				stateful[o] = append(stateful[o], call)
			default:
				r, err := Call(f, call, e, o)
				take(call, r, err)
				return false
			}
			return true
		})
	}
	for o, sends := range stateful {
		pairs, lost := Pairs(f, o, sends)
		for _, send := range lost {
			take(send, nil, Refusal("no setter"))
		}
		for _, p := range pairs {
			r, err := p.Rewrite(f, x.emitterOf(o, emitters), o)
			take(p.Set, r, err)
		}
	}
	return edits
}

// value rewrites an op that is named without being called.
func (x *fixture) value(f *File, n ast.Node, called map[ast.Expr]bool, emitters map[string][]*Emitter, take func(ast.Node, *Rewrite, error)) bool {
	expr, ok := n.(ast.Expr)
	if !ok || called[expr] {
		return true
	}
	o, e := x.opOf(f, &ast.CallExpr{Fun: expr}, emitters)
	if o == nil {
		return true
	}
	r, err := Value(f, expr, e, o)
	take(expr, r, err)
	return false
}

func (f *File) fullName(fn *ast.FuncDecl) string {
	return f.Info.Defs[fn.Name].(*types.Func).FullName()
}

func (x *fixture) opOf(f *File, call *ast.CallExpr, emitters map[string][]*Emitter) (*Op, *Emitter) {
	ident, _ := ast.Unparen(call.Fun).(*ast.Ident)
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		ident = sel.Sel
	}
	if ident == nil {
		return nil, nil
	}
	fn, ok := f.Info.Uses[ident].(*types.Func)
	if !ok || x.ops[fn.FullName()] == nil {
		return nil, nil
	}
	o := x.ops[fn.FullName()]
	return o, x.emitterOf(o, emitters)
}

func (x *fixture) emitterOf(o *Op, emitters map[string][]*Emitter) *Emitter {
	for _, e := range emitters[o.Func.Pkg().Path()] {
		if slices.Contains(e.Ops, o) {
			return e
		}
	}
	return &Emitter{Pkg: o.Func.Pkg()}
}
