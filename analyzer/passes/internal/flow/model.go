package flow

import (
	"go/ast"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

func (s *site) builtin(name string) outcome {
	switch name {
	case "append":
		base := s.arg(0)
		if len(s.args) < 2 {
			return outcome{results: []Set{base}}
		}
		if s.call.Ellipsis.IsValid() {
			return outcome{results: []Set{Join(base, s.arg(1))}}
		}
		return outcome{results: []Set{Join(base, one(&Value{Op: List, Args: Join(s.args[1:]...)}))}}
	case "make", "new":
		return outcome{results: []Set{s.fresh()}}
	case "delete":
		return outcome{effects: s.each(s.arg(0), Effect{Op: Del, Key: s.arg(1)})}
	case "clear":
		return outcome{effects: s.each(s.arg(0), Effect{Op: Del})}
	case "close":
		return outcome{effects: s.each(s.arg(0), Effect{Op: Close})}
	case "len", "cap", "min", "max", "copy":
		return outcome{results: []Set{{made(Derived, s.args...)}}}
	}
	return outcome{results: []Set{unknown}}
}

// fresh is a new object: a struct starts with no field set.
func (s *site) fresh() Set {
	if len(s.call.Args) > 0 {
		if _, ok := under(s.p.TypeOf(s.call.Args[0])).(*types.Struct); ok {
			return Set{{Op: Struct}}
		}
	}
	return Set{{Op: Fresh}}
}

// each makes one effect for every alternative of its target.
func (s *site) each(targets Set, e Effect) []*Effect {
	var out []*Effect
	for _, t := range targets {
		c := e
		c.Target = t
		out = append(out, &c)
	}
	return out
}

// typePath names the type that a method is declared on, "path.Name".
func typePath(f *types.Func) string {
	recv := f.Signature().Recv()
	if recv == nil {
		return ""
	}
	named := conns.Named(recv.Type())
	if named == nil || named.Obj().Pkg() == nil {
		return ""
	}
	return conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name()
}

// library models calls into packages whose bodies are not read.
func (s *site) library() (outcome, bool) {
	if s.fn.Pkg() == nil {
		return outcome{}, false
	}
	path, name := conns.CleanPath(s.fn.Pkg().Path()), s.fn.Name()
	switch typePath(s.fn) {
	case "sync.Map":
		return s.mapMethod(name)
	case "sync/atomic.Pointer", "sync/atomic.Value":
		return s.atomic(name)
	case "container/list.List", "container/list.Element", "container/ring.Ring":
		return s.list(name)
	}
	if path == "slices" || path == "maps" || path == "strings" || path == "bytes" || path == "sync" {
		if out, ok := s.std(path, name); ok {
			return out, true
		}
	}
	if conns.Known(path) && !s.p.Catalog.FirstParty(path) {
		return s.socket(path, name)
	}
	if recv := s.fn.Signature().Recv(); recv != nil && rawWrites[name] && s.p.Catalog.Raw(recv.Type()) {
		return outcome{results: make([]Set, max(s.fn.Signature().Results().Len(), 1)), effects: s.delivery()}, true
	}
	if s.p.Catalog.Declared(typePath(s.fn)) {
		if out, ok := s.declared(name); ok {
			return out, true
		}
	}
	if s.recv != nil && s.foreignContainer() {
		return s.mapMethod(name)
	}
	return outcome{}, false
}

// rawWrites are the methods of plain network connections that deliver.
var rawWrites = map[string]bool{"Write": true, "Writev": true, "AsyncWrite": true, "AsyncWritev": true}

func (s *site) atomic(name string) (outcome, bool) {
	switch name {
	case "Load":
		return outcome{results: []Set{s.recv}}, true
	case "Store":
		return outcome{effects: s.each(s.recv, Effect{Op: Assign, Val: s.arg(0)})}, true
	case "Swap":
		return outcome{results: []Set{s.recv}, effects: s.each(s.recv, Effect{Op: Assign, Val: s.arg(0)})}, true
	case "CompareAndSwap":
		return outcome{results: []Set{unknown}, effects: s.each(s.recv, Effect{Op: Assign, Val: s.arg(1)})}, true
	}
	return outcome{}, false
}

func (s *site) list(name string) (outcome, bool) {
	switch name {
	case "PushBack", "PushFront":
		return outcome{results: []Set{elem(s.recv, nil, "", s.call)}, effects: append(s.each(s.recv, Effect{Op: Put, Val: s.arg(0)}), s.leads(s.recv, 0)...)}, true
	case "Front", "Back":
		return outcome{results: []Set{elem(s.recv, nil, "", nil)}}, true
	case "Next", "Prev":
		return outcome{results: []Set{s.recv}}, true
	case "Remove":
		return outcome{results: []Set{s.arg(0)}, effects: s.each(s.recv, Effect{Op: Del, Key: s.arg(0)})}, true
	case "Init":
		return outcome{results: []Set{s.recv}, effects: s.each(s.recv, Effect{Op: Del})}, true
	}
	return outcome{}, false
}

func (s *site) std(path, name string) (outcome, bool) {
	switch path + "." + name {
	case "slices.Clone", "maps.Clone", "slices.Collect", "slices.Sorted", "maps.Values", "slices.Values", "slices.Concat", "slices.DeleteFunc", "slices.Compact":
		return outcome{results: []Set{s.arg(0)}}, true
	case "maps.Keys":
		return outcome{results: []Set{{{Op: List, Args: keyOf(s.arg(0), ""), Keys: keyOf(s.arg(0), "")}}}}, true
	case "slices.Contains":
		return outcome{results: []Set{s.p.member(s.arg(0), s.arg(1))}}, true
	case "strings.EqualFold", "bytes.Equal":
		return outcome{results: []Set{equal(s.arg(0), s.arg(1))}}, true
	case "maps.DeleteFunc":
		return outcome{effects: s.each(s.arg(0), Effect{Op: Del})}, true
	case "sync.OnceValue", "sync.OnceValues", "sync.OnceFunc":
		return outcome{results: []Set{s.arg(0)}}, true
	}
	return outcome{}, false
}

// foreignContainer reports whether the receiver is a container type of another
// module: a generic one, or one that says it is a map, list or set.
func (s *site) foreignContainer() bool {
	recv := s.fn.Signature().Recv()
	named := conns.Named(recv.Type())
	if named == nil || named.Obj().Pkg() == nil || s.p.Catalog.FirstParty(named.Obj().Pkg().Path()) || conns.Std(named.Obj().Pkg().Path()) {
		return false
	}
	return named.TypeParams().Len() > 0 || named.TypeArgs().Len() > 0 || containerName(named.Obj().Name())
}

// mapMethod models a keyed container by the names that such libraries agree on.
func (s *site) mapMethod(name string) (outcome, bool) {
	lib := s.elementLib()
	get := func() Set { return elem(s.recv, anyIfOwn(s.recv, s.arg(0)), lib, s.call) }
	switch name {
	case "Load", "Get", "Find", "GetVar", "Value", "Peek":
		return outcome{results: []Set{get(), s.p.member(s.recv, s.arg(0))}}, true
	case "LoadOrStore", "GetOrSet", "SetIfAbsent", "GetOrInsert", "SetIfNotExist", "LoadOrCompute", "GetOrCompute", "LoadOrTryCompute":
		return outcome{results: []Set{get(), unknown}, effects: s.each(s.recv, Effect{Op: Put, Key: s.arg(0), Val: s.arg(1)})}, true
	case "Store", "Set", "Put", "Insert", "Upsert", "Swap":
		effects := append(s.each(s.recv, Effect{Op: Put, Key: s.arg(0), Val: s.arg(1)}), s.leads(s.recv, 1)...)
		return outcome{results: []Set{get(), unknown}, effects: effects}, true
	case "Add", "Append", "Push", "PushBack":
		return outcome{results: []Set{unknown}, effects: s.each(s.recv, Effect{Op: Put, Key: s.arg(0), Val: s.all()})}, true
	case "Delete", "Remove", "Del", "LoadAndDelete", "Pop", "Evict", "CompareAndDelete", "GetAndDel", "GetAndDelete":
		return outcome{results: []Set{get(), unknown}, effects: s.each(s.recv, Effect{Op: Del, Key: s.arg(0)})}, true
	case "Clear", "Flush", "Reset":
		return outcome{effects: s.each(s.recv, Effect{Op: Del})}, true
	case "Has", "Contains", "Exists", "ContainsKey":
		return outcome{results: []Set{s.p.member(s.recv, s.arg(0))}}, true
	case "Items", "Values", "ToSlice", "Map", "Iter", "IterBuffered", "Snapshot":
		return outcome{results: []Set{s.recv}}, true
	case "Keys":
		keys := keyOf(s.recv, "")
		return outcome{results: []Set{{{Op: List, Args: keys, Keys: keys}}}}, true
	case "Range", "Each", "ForEach", "IterCb", "Iterator", "Scan", "RangeRelaxed", "IteratorAsc", "IteratorDesc":
		return outcome{results: []Set{unknown}}, true
	case "Len", "Count", "Size":
		return outcome{results: []Set{{made(Derived, s.recv)}}}, true
	}
	return outcome{}, false
}

// elementLib is the library of the connections in a generic container.
func (s *site) elementLib() string {
	sel, ok := ast.Unparen(s.call.Fun).(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	if _, e := conns.Container(s.p.TypeOf(sel.X)); e != nil {
		return s.p.Catalog.Bears(e)
	}
	return ""
}

// leads notes that the container gets something from which connections can be
// reached, judged by the type of argument i.
func (s *site) leads(container Set, i int) []*Effect {
	if i >= len(s.call.Args) {
		return nil
	}
	lib := s.p.Reaches(s.p.TypeOf(s.call.Args[i]))
	if lib == "" {
		return nil
	}
	return s.each(elem(container, nil, "", nil), Effect{Op: Holds, Name: lib})
}

// Reaches is the library of the connections that a value of type t leads to, seen
// through the program's own interfaces where their implementations are known.
func (p *Package) Reaches(t types.Type) string {
	if t == nil {
		return ""
	}
	if lib := p.Catalog.Reaches(t); lib != "" {
		return lib
	}
	named := conns.Named(t)
	if named == nil || !types.IsInterface(t) || named.Obj().Pkg() == nil || !p.Catalog.FirstParty(named.Obj().Pkg().Path()) {
		return ""
	}
	for _, impl := range p.Implementations(conns.CleanPath(named.Obj().Pkg().Path()) + "." + named.Obj().Name()) {
		if lib := p.Catalog.Reaches(impl); lib != "" {
			return lib
		}
	}
	return ""
}
