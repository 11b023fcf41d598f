// Package broadcast gives sends to everyone a name that says so: hub.Publish(m)
// becomes hub.BroadcastAllPublish(m), hub.Broadcast(m) becomes hub.BroadcastAll(m).
// Nothing else changes; what a reader of the call could not see before is what the
// new name is for.
package broadcast

import (
	"fmt"
	"go/format"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
)

// Op is a function or method that reaches everyone, with its explicit name.
type Op struct {
	Func *types.Func
	Name string
}

// Explicit reports whether a function is called so already.
func Explicit(fn *types.Func) bool {
	return strings.HasPrefix(fn.Name(), "BroadcastAll") || strings.HasPrefix(fn.Name(), "broadcastAll")
}

// Unsupported says why a function can't have an explicit twin, or "".
func Unsupported(fn *types.Func) string {
	sig := fn.Signature()
	switch recv := sig.Recv(); {
	case sig.TypeParams().Len() > 0 || sig.RecvTypeParams().Len() > 0:
		return "it is generic"
	case recv != nil && types.IsInterface(recv.Type()):
		return "its manager is behind an interface"
	}
	return ""
}

// Name chooses the explicit name of a function: what its own name says beyond
// "broadcast" and "all" stays. Taken reports names that are in use.
func Name(fn *types.Func, taken func(string) bool) string {
	rest := fn.Name()
	for _, word := range []string{"BroadcastToAll", "BroadcastAll", "Broadcast", "broadcast", "SendToAll", "sendToAll", "SendAll", "sendAll", "ToEveryone", "Everyone", "ToAll", "All"} {
		if before, after, found := strings.Cut(rest, word); found {
			rest = before + after
			break
		}
	}
	if rest != "" {
		runes := []rune(rest)
		runes[0] = unicode.ToUpper(runes[0])
		rest = string(runes)
	}
	name := "BroadcastAll" + rest
	if !fn.Exported() {
		name = "broadcastAll" + rest
	}
	for n, base := 2, name; taken(name); n++ {
		name = base + strconv.Itoa(n)
	}
	return name
}

// Generate writes the twins of the functions of one package.
func Generate(singleton string, pkg *types.Package, ops []*Op) ([]byte, error) {
	g := &generator{pkg: pkg, imports: map[string]string{}, names: map[string]bool{}}
	for _, op := range ops {
		g.op(op)
	}
	var out strings.Builder
	fmt.Fprintf(&out, "%s%s\n\npackage %s\n\n", bind.Marker, singleton, pkg.Name())
	if len(g.imports) > 0 {
		out.WriteString("import (\n")
		paths := make([]string, 0, len(g.imports))
		for importPath := range g.imports {
			paths = append(paths, importPath)
		}
		slices.Sort(paths)
		for _, importPath := range paths {
			name := g.imports[importPath] + " "
			if name == path.Base(importPath)+" " {
				name = ""
			}
			fmt.Fprintf(&out, "\t%s%q\n", name, importPath)
		}
		out.WriteString(")\n\n")
	}
	out.WriteString(g.text.String())
	return format.Source([]byte(out.String()))
}

type generator struct {
	pkg     *types.Package
	text    strings.Builder
	imports map[string]string
	names   map[string]bool
}

func (g *generator) typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == g.pkg.Path() {
			return ""
		}
		if have := g.imports[p.Path()]; have != "" {
			return have
		}
		name := p.Name()
		for n := 2; g.names[name] || g.pkg.Scope().Lookup(name) != nil; n++ {
			name = p.Name() + strconv.Itoa(n)
		}
		g.names[name] = true
		g.imports[p.Path()] = name
		return name
	})
}

func (g *generator) op(op *Op) {
	sig := op.Func.Signature()
	recv, target, what := "", op.Func.Name(), op.Func.Name()
	used := map[string]bool{}
	for v := range sig.Params().Variables() {
		used[v.Name()] = true
	}
	if r := sig.Recv(); r != nil {
		name := r.Name()
		for name == "" || name == "_" || used[name] {
			name += "m"
		}
		recv = "(" + name + " " + g.typeText(r.Type()) + ") "
		target = name + "." + target
		what = strings.TrimPrefix(types.TypeString(r.Type(), func(*types.Package) string { return "" }), "*") + "." + what
	}
	var params, args []string
	for i := range sig.Params().Len() {
		v := sig.Params().At(i)
		name := v.Name()
		for n := i; name == "" || name == "_" || name == op.Func.Name(); n++ {
			name = "value" + strconv.Itoa(n)
		}
		typ, arg := g.typeText(v.Type()), name
		if sig.Variadic() && i == sig.Params().Len()-1 {
			typ, arg = "..."+strings.TrimPrefix(typ, "[]"), name+"..."
		}
		params, args = append(params, name+" "+typ), append(args, arg)
	}
	var results []string
	for v := range sig.Results().Variables() {
		results = append(results, g.typeText(v.Type()))
	}
	call := target + "(" + strings.Join(args, ", ") + ")"
	if len(results) > 0 {
		call = "return " + call
	}
	fmt.Fprintf(&g.text, "// %s is [%s]: it reaches everyone who is connected.\nfunc %s%s(%s) (%s) {\n\t%s\n}\n\n",
		op.Name, what, recv, op.Name, strings.Join(params, ", "), strings.Join(results, ", "), call)
}
