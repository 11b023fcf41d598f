package unit

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"sort"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/gcexportdata"
	"golang.org/x/tools/go/types/objectpath"
)

// A fact file is empty, or facts alone, or this magic, the lengths of both parts
// in little-endian 32 bits, types and facts.
const (
	magic    = "vetx"
	headSize = len(magic) + 8
)

// entry is the contents of one fact file.
type entry struct{ types, facts []byte }

func readVetx(name string) (entry, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return entry{}, err
	}
	if !bytes.HasPrefix(data, []byte(magic)) {
		return entry{facts: data}, nil
	}
	if len(data) < 12 {
		return entry{}, fmt.Errorf("%s: cut short", name)
	}
	t, f := uint64(binary.LittleEndian.Uint32(data[4:])), uint64(binary.LittleEndian.Uint32(data[8:]))
	if 12+t+f > uint64(len(data)) {
		return entry{}, fmt.Errorf("%s: cut short", name)
	}
	return entry{types: data[12 : 12+t], facts: data[12+t : 12+t+f]}, nil
}

// writeVetx writes a fact file, with types when they travel in it.
func writeVetx(name string, fset *token.FileSet, pkg *types.Package, facts []byte, withTypes bool) error {
	if !withTypes {
		return os.WriteFile(name, facts, 0o666)
	}
	var export bytes.Buffer
	if err := gcexportdata.Write(&export, fset, pkg); err != nil {
		return err
	}
	body := bytes.TrimPrefix(export.Bytes(), []byte("i")) // the format byte is implied
	data := append([]byte(magic), make([]byte, 8)...)
	binary.LittleEndian.PutUint32(data[4:], uint32(len(body)))
	binary.LittleEndian.PutUint32(data[8:], uint32(len(facts)))
	data = append(append(data, body...), facts...)
	return os.WriteFile(name, data, 0o666)
}

// gobFact is the form in which facts lie in a file.
type gobFact struct {
	PkgPath string
	Object  objectpath.Path
	Fact    analysis.Fact
}

// facts are those of the package at hand and of the packages below it.
type facts struct {
	pkg *types.Package
	m   map[factKey]analysis.Fact
}

type factKey struct {
	pkg *types.Package
	obj types.Object
	typ reflect.Type
}

// decode adds the facts of one imported package. Facts of tools that are not ours
// cannot be read and are none of our business.
func (f *facts) decode(data []byte, find func(path string) *types.Package) {
	if data = bytes.TrimPrefix(data, []byte(reaching)); len(data) == 0 {
		return
	}
	var list []gobFact
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&list); err != nil {
		return
	}
	for _, g := range list {
		pkg := find(g.PkgPath)
		if pkg == nil || g.Fact == nil {
			continue
		}
		key := factKey{pkg: pkg, typ: reflect.TypeOf(g.Fact)}
		if g.Object != "" {
			obj, err := objectpath.Object(pkg, g.Object)
			if err != nil {
				continue
			}
			key.obj = obj
		}
		f.m[key] = g.Fact
	}
}

// encode writes the package's own facts and, of imported ones, those on types,
// fields and methods, which importers may reach without importing their package.
func (f *facts) encode() ([]byte, error) {
	var list []gobFact
	var enc objectpath.Encoder
	for key, fact := range f.m {
		g := gobFact{PkgPath: key.pkg.Path(), Fact: fact}
		if key.pkg != f.pkg && !travels(key.obj) {
			continue
		}
		if key.obj != nil {
			path, err := enc.For(key.obj)
			if err != nil {
				continue
			}
			g.Object = path
		}
		list = append(list, g)
	}
	if len(list) == 0 {
		return nil, nil
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.PkgPath != b.PkgPath {
			return a.PkgPath < b.PkgPath
		}
		if a.Object != b.Object {
			return a.Object < b.Object
		}
		return reflect.TypeOf(a.Fact).String() < reflect.TypeOf(b.Fact).String()
	})
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(list)
	return b.Bytes(), err
}

func travels(obj types.Object) bool {
	if obj == nil {
		return false
	}
	_, isType := obj.(*types.TypeName)
	return isType || obj.Parent() != obj.Pkg().Scope()
}

func (f *facts) get(key factKey, into analysis.Fact) bool {
	known, ok := f.m[key]
	if ok {
		reflect.ValueOf(into).Elem().Set(reflect.ValueOf(known).Elem())
	}
	return ok
}
