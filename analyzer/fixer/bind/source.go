package bind

import (
	"cmp"
	"fmt"
	"go/format"
	"go/types"
	"path"
	"slices"
	"strconv"
	"strings"
)

// RuntimePath is what generated code imports, as wsruntime; a test holds it
// against the real package.
const RuntimePath = "github.com/wsmig/wsmig/runtime"

// Dependencies are the packages that generated code may import beside those of the
// signatures.
func Dependencies(plain bool) []string {
	if plain {
		return []string{"fmt", "log"}
	}
	return []string{"fmt", "log", "log/slog", "sync", "sync/atomic", RuntimePath}
}

// Marker begins the first line of every generated file; the singleton's package
// path and name follow.
const Marker = "// Code by wsmig fix; singleton="

// source is a file being written.
type source struct {
	pkg     *types.Package
	text    strings.Builder
	imports map[string]string // path to local name
	taken   map[string]bool   // names that an import must not have
}

func newSource(pkg *types.Package) *source {
	s := &source{pkg: pkg, imports: map[string]string{}, taken: map[string]bool{}}
	for _, name := range pkg.Scope().Names() {
		s.taken[name] = true
	}
	return s
}

func (s *source) printf(format string, args ...any) { fmt.Fprintf(&s.text, format, args...) }

// comment writes a comment, broken into lines as people do.
func (s *source) comment(format string, args ...any) {
	line := "//"
	for word := range strings.FieldsSeq(fmt.Sprintf(format, args...)) {
		if len(line)+1+len(word) > 80 {
			s.printf("%s\n", line)
			line = "//"
		}
		line += " " + word
	}
	s.printf("%s\n", line)
}

// use imports a package and returns its local name.
func (s *source) use(importPath, name string) string {
	if have, ok := s.imports[importPath]; ok {
		return have
	}
	local := fresh(name, s.taken)
	s.imports[importPath] = local
	return local
}

// typeText spells a type as this file has to.
func (s *source) typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == s.pkg.Path() {
			return ""
		}
		return s.use(p.Path(), p.Name())
	})
}

// file puts header, imports and text together, in gofmt's form.
func (s *source) file(header string) ([]byte, error) {
	var out strings.Builder
	fmt.Fprintf(&out, "%s\n\npackage %s\n\n", header, s.pkg.Name())
	if len(s.imports) > 0 {
		out.WriteString("import (\n")
		s.importGroup(&out, true)
		s.importGroup(&out, false)
		out.WriteString(")\n\n")
	}
	out.WriteString(s.text.String())
	return format.Source([]byte(out.String()))
}

// standard tells the standard library's paths from those of modules whose name has
// no dot in it, such as the package's own.
func (s *source) standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	own, _, _ := strings.Cut(s.pkg.Path(), "/")
	return !strings.Contains(first, ".") && first != own
}

func (s *source) importGroup(out *strings.Builder, std bool) {
	var paths []string
	for importPath := range s.imports {
		if std == s.standard(importPath) {
			paths = append(paths, importPath)
		}
	}
	slices.Sort(paths)
	for _, importPath := range paths {
		name := s.imports[importPath] + " "
		if name == path.Base(importPath)+" " {
			name = ""
		}
		fmt.Fprintf(out, "\t%s%s\n", name, strconv.Quote(importPath))
	}
	out.WriteString("\n")
}

// param is a parameter or result of a generated method.
type param struct {
	name, typ string
}

// params are the op's parameters without those that were only the addressee;
// args is what the old function is called with, the key in its old places.
func (e *Emitter) params(s *source, o *Op, recv string) (list []param, args []string) {
	sig := o.signature()
	avoid := e.avoid(o, recv)
	for i := range sig.Params().Len() {
		v := sig.Params().At(i)
		if o.whole(i) {
			arg := e.keyPart(recv, o.partAt(i))
			if listOf(v) != nil && !(sig.Variadic() && i == sig.Params().Len()-1) {
				arg = s.typeText(v.Type()) + "{" + arg + "}"
			}
			args = append(args, arg)
			continue
		}
		name := v.Name()
		if name == "" || name == "_" {
			name = cmp.Or(lowerFirst(typeWord(v.Type())), "value")
		}
		name = fresh(name, avoid)
		typ, arg := s.typeText(v.Type()), name
		if sig.Variadic() && i == sig.Params().Len()-1 {
			typ = "..." + s.typeText(v.Type().(*types.Slice).Elem())
			arg += "..."
		}
		list = append(list, param{name, typ})
		args = append(args, arg)
	}
	return list, args
}

// avoid holds the names that the body of the op's method needs for itself.
func (e *Emitter) avoid(o *Op, recv string) map[string]bool {
	avoid := map[string]bool{recv: true, "wsruntime": true}
	if o.receiver() == nil {
		avoid[o.Func.Name()] = true
	}
	return avoid
}

// partAt is the part of the key that a whole parameter is.
func (o *Op) partAt(param int) int {
	return slices.IndexFunc(o.Key, func(part KeyPart) bool { return part.Param == param && part.Path == "" })
}

// results names the op's results, for a body that sets them in a closure: as they
// are named already, else by their type.
func results(s *source, o *Op, avoid map[string]bool) []param {
	sig := o.signature()
	var list []param
	for i := range sig.Results().Len() {
		v := sig.Results().At(i)
		name := v.Name()
		switch {
		case name != "" && name != "_":
		case i == sig.Results().Len()-1 && types.Identical(v.Type(), types.Universe.Lookup("error").Type()):
			name = "err"
		case types.Identical(v.Type(), types.Typ[types.Bool]):
			name = "ok"
		case types.Identical(v.Type(), types.Typ[types.Int]):
			name = "n"
		default:
			name = "result"
		}
		list = append(list, param{fresh(name, avoid), s.typeText(v.Type())})
	}
	return list
}

func lowerFirst(name string) string { return fieldName(name, User) }

func joinParams(list []param) string {
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = p.name + " " + p.typ
		if i+1 < len(list) && list[i+1].typ == p.typ {
			parts[i] = p.name
		}
	}
	return strings.Join(parts, ", ")
}

func names(list []param) string {
	parts := make([]string, len(list))
	for i, p := range list {
		parts[i] = p.name
	}
	return strings.Join(parts, ", ")
}
