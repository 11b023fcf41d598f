// Package conns knows the WebSocket libraries: which of their types is a
// connection or a hub, which calls write to a connection, accept one or dial one,
// and from which other types a connection can be reached.
package conns

import (
	"go/types"
	"strings"
)

// Catalog answers questions about types. One Catalog serves one package; it is
// not safe for concurrent use, since it remembers its answers.
type Catalog struct {
	module string // module path of the code being read, "" when unknown
	gobwas bool   // net.Conn stands for a WebSocket in this package
	extra  map[string]bool
	lib    map[types.Type]string
	busy   map[types.Type]bool
}

// New returns a catalog for a package of the given module. The extra types are
// written "path.Name" and count as connections.
func New(module string, gobwas bool, extra []string) *Catalog {
	c := &Catalog{
		module: module, gobwas: gobwas,
		extra: map[string]bool{},
		lib:   map[types.Type]string{}, busy: map[types.Type]bool{},
	}
	for _, name := range extra {
		c.extra[strings.TrimPrefix(name, "*")] = true
	}
	return c
}

// Declared reports whether the type, "path.Name", is one of the extra connections.
func (c *Catalog) Declared(name string) bool { return c.extra[name] }

// Conn returns the library of t when a value of t is itself one connection, or "".
func (c *Catalog) Conn(t types.Type) string {
	named := Named(t)
	if named == nil || named.Obj().Pkg() == nil {
		return ""
	}
	path, name := CleanPath(named.Obj().Pkg().Path()), named.Obj().Name()
	if c.extra[path+"."+name] {
		return path
	}
	if lib := library(path); lib != nil && lib.conns[name] {
		return path
	}
	if c.gobwas && raw(named) {
		return gobwasPath
	}
	return c.wraps(named)
}

// Raw reports whether t is a plain network connection that stands for a WebSocket in
// this package: the protocol is spoken beside it.
func (c *Catalog) Raw(t types.Type) bool { return c.gobwas && raw(Named(t)) }

// raw recognises the network connections that gobwas is used with.
func raw(named *types.Named) bool {
	if named == nil || named.Obj().Pkg() == nil || named.Obj().Name() != "Conn" {
		return false
	}
	path := unversioned(CleanPath(named.Obj().Pkg().Path()))
	return path == "net" || path == "github.com/panjf2000/gnet"
}

// beside reads a type of a package that imports gobwas as that package does.
func (c *Catalog) beside(pkg *types.Package, read func() string) string {
	if c.gobwas {
		return read()
	}
	for _, imp := range pkg.Imports() {
		if Gobwas(imp.Path()) {
			c.gobwas = true
			defer func() { c.gobwas = false }()
			break
		}
	}
	return read()
}

// wraps sees through types of other modules that embed a connection, such as a
// web framework's own WebSocket type.
func (c *Catalog) wraps(named *types.Named) string {
	if c.FirstParty(named.Obj().Pkg().Path()) {
		return ""
	}
	st, ok := named.Underlying().(*types.Struct)
	if !ok {
		return ""
	}
	for f := range st.Fields() {
		inner := Named(f.Type())
		if !f.Embedded() || inner == nil || inner.Obj().Pkg() == nil {
			continue
		}
		path := CleanPath(inner.Obj().Pkg().Path())
		if lib := library(path); lib != nil && lib.conns[inner.Obj().Name()] {
			return path
		}
	}
	return ""
}

// Hub returns the library of t when t is a library's own registry of connections.
func (c *Catalog) Hub(t types.Type) string {
	named := Named(t)
	if named == nil || named.Obj().Pkg() == nil {
		return ""
	}
	path := CleanPath(named.Obj().Pkg().Path())
	if lib := library(path); lib != nil && lib.hubs[named.Obj().Name()] {
		return path
	}
	return ""
}

const maxDepth = 4

// Bears returns the library of the one connection that a value of t carries: t is
// a connection, or a struct of the code being read that holds one. Containers
// are not looked into.
func (c *Catalog) Bears(t types.Type) string { return c.bears(t, 0) }

func (c *Catalog) bears(t types.Type, depth int) string {
	if t == nil || depth > maxDepth {
		return ""
	}
	t = types.Unalias(t)
	if known, ok := c.lib[t]; ok {
		return known
	}
	if c.busy[t] {
		return ""
	}
	c.busy[t] = true
	found := c.Conn(t)
	if found == "" {
		found = c.bearsInside(t, depth)
	}
	delete(c.busy, t)
	if (depth == 0 || found != "") && !raw(Named(t)) { // what a plain connection is depends on who asks
		c.lib[t] = found
	}
	return found
}

func (c *Catalog) bearsInside(t types.Type, depth int) string {
	switch t := t.(type) {
	case *types.Pointer:
		return c.bears(t.Elem(), depth)
	case *types.Named:
		if t.Obj().Pkg() == nil || !c.FirstParty(t.Obj().Pkg().Path()) {
			return ""
		}
		return c.beside(t.Obj().Pkg(), func() string { return c.bears(t.Underlying(), depth) })
	case *types.Struct:
		for f := range t.Fields() {
			if lib := c.bears(f.Type(), depth+1); lib != "" {
				return lib
			}
		}
	}
	return ""
}

// Container returns the element type and, for maps, the key type of a container,
// library containers with type arguments included.
func Container(t types.Type) (key, elem types.Type) {
	if t == nil {
		return nil, nil
	}
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	switch u := t.Underlying().(type) {
	case *types.Map:
		return u.Key(), u.Elem()
	case *types.Slice:
		return nil, u.Elem()
	case *types.Array:
		return nil, u.Elem()
	case *types.Chan:
		return nil, u.Elem()
	}
	named := Named(t)
	if named == nil || named.TypeArgs().Len() == 0 || named.Obj().Pkg() == nil {
		return nil, nil
	}
	args := named.TypeArgs()
	if args.Len() == 1 {
		if holder(named, args.At(0)) {
			return nil, nil
		}
		return nil, args.At(0)
	}
	return args.At(0), args.At(args.Len() - 1)
}

// holder reports whether a generic type keeps one value of its type argument, such
// as an optional one, rather than any number.
func holder(named *types.Named, arg types.Type) bool {
	st, ok := named.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	one := false
	for f := range st.Fields() {
		t := f.Type()
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		if types.Identical(t, arg) {
			one = true
			continue
		}
		if _, basic := t.Underlying().(*types.Basic); !basic || t.Underlying() == types.Typ[types.UnsafePointer] {
			return false
		}
	}
	return one
}

// Untyped reports whether t is a container whose contents its type does not tell:
// sync.Map, list.List, a map or slice of any.
func Untyped(t types.Type) bool {
	if named := Named(t); named != nil && named.Obj().Pkg() != nil {
		switch named.Obj().Pkg().Path() + "." + named.Obj().Name() {
		case "sync.Map", "container/list.List", "container/ring.Ring", "sync/atomic.Value":
			return true
		}
	}
	_, elem := Container(t)
	return elem != nil && types.IsInterface(elem)
}

// Registry returns the library of the connections that the container t holds, as
// elements or as keys, at any depth of nesting, or "".
func (c *Catalog) Registry(t types.Type) string { return c.registry(t, 0) }

func (c *Catalog) registry(t types.Type, depth int) string {
	if depth > maxDepth {
		return ""
	}
	key, elem := Container(t)
	if elem == nil {
		return ""
	}
	for _, inner := range []types.Type{elem, key} {
		if inner == nil {
			continue
		}
		if lib := c.Bears(inner); lib != "" {
			return lib
		}
		if lib := c.registry(inner, depth+1); lib != "" {
			return lib
		}
		if lib := c.room(inner, depth+1); lib != "" {
			return lib
		}
	}
	return ""
}

// room returns the library of the connections in a container that is a field of
// the struct t: t is itself a registry, such as a room.
func (c *Catalog) room(t types.Type, depth int) string {
	if named := Named(t); named == nil || named.Obj().Pkg() == nil || !c.FirstParty(named.Obj().Pkg().Path()) {
		return ""
	}
	st, ok := structUnder(t)
	if !ok {
		return ""
	}
	for f := range st.Fields() {
		if lib := c.registry(f.Type(), depth+1); lib != "" {
			return lib
		}
	}
	return ""
}

// Reaches returns the library of the connections that a value of t leads to: one
// that it carries, or those that it holds.
func (c *Catalog) Reaches(t types.Type) string {
	if t == nil {
		return ""
	}
	if lib := c.Bears(t); lib != "" {
		return lib
	}
	if lib := c.Hub(t); lib != "" {
		return lib
	}
	if lib := c.Registry(t); lib != "" {
		return lib
	}
	return c.room(t, 0)
}

func structUnder(t types.Type) (*types.Struct, bool) {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	return st, ok
}

// Named returns the named type behind pointers and aliases, or nil.
func Named(t types.Type) *types.Named {
	for t != nil {
		switch u := types.Unalias(t).(type) {
		case *types.Pointer:
			t = u.Elem()
		case *types.Named:
			return u
		default:
			return nil
		}
	}
	return nil
}

// CleanPath strips a vendor prefix and the decoration of test variants.
func CleanPath(path string) string {
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
		path = path[i+len("/vendor/"):]
	}
	path, _, _ = strings.Cut(path, " ")
	return path
}
