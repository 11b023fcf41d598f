package bind

import (
	"go/types"
	"strings"
)

// gatedBody writes a method whose call of the old manager waits for its turn.
func (w *writer) gatedBody(o *Op, name string, params, out []param, checks, call string) {
	tail := ""
	if len(out) > 0 {
		call = names(out) + " = " + call
		tail = "return " + names(out) + "\n"
	}
	w.printf("func (%s %s) %s(%s) %s {\n%s", w.recv, w.typ(), name, joinParams(params), resultList(out), checks)
	if o.Setter != nil {
		w.printf("%s().Pair(func() {\n%s%s\n})\n", w.gate(), w.setter(o), call)
	} else {
		w.printf("%s().%s, func() { %s })\n", w.gate(), w.turn(), call)
	}
	w.printf("%s}\n\n", tail)
}

func resultList(out []param) string {
	if len(out) == 0 {
		return ""
	}
	return "(" + joinParams(out) + ")"
}

// turn asks the gate for the key whose sends pass one after the other: the emitter
// itself where it can be compared, which tells users from rooms of the same name.
func (w *writer) turn() string {
	switch {
	case w.several:
		return "DoAll(" + w.recv + "." + w.e.turnsName() + "()"
	case w.byEmitter():
		return "Do(" + w.recv
	}
	return "Do(" + w.recv + "." + w.e.keyName()
}

func (w *writer) byEmitter() bool {
	return w.e.Owner == nil || types.Comparable(w.e.Owner) && !w.e.byInterface()
}

// Helpers are the names that a generated file declares beside its emitters.
func Helpers() []string { return []string{"UseFactory", "factory", "ownFactory", "gate"} }

// helpers are the package-level names that all emitters of a file share.
type helpers struct {
	use, given, own, gate string
}

func (w *writer) gate() string { return w.shared.gate }

// factory writes where the package's factory and its gate come from.
func (w *writer) factory() {
	h := w.shared
	rt, slog, sync, atomic := w.use(RuntimePath, "wsruntime"), w.use("log/slog", "slog"), w.use("sync", "sync"), w.use("sync/atomic", "atomic")
	pkg := w.pkg.Name()
	r := strings.NewReplacer("$use", h.use, "$given", h.given, "$own", h.own, "$gate", h.gate,
		"$rt", rt, "$slog", slog, "$sync", sync, "$atomic", atomic, "$pkg", pkg, "$manager", w.gateName())
	w.printf("%s", r.Replace(factoryText))
}

func (w *writer) gateName() string {
	_, name, _ := strings.Cut(w.e.Singleton[strings.LastIndexByte(w.e.Singleton, '/')+1:], ".")
	if named, ok := types.Unalias(deref(orNil(w.e.Owner))).(*types.Named); ok {
		name = named.Obj().Name()
	}
	return w.pkg.Name() + "." + name
}

const factoryText = `// $given is what $use was given.
var $given $atomic.Pointer[$rt.Factory]

// $use has the emitters of this package work with f. Call it before the first
// send; without it the package makes a factory of its own then, and logs that.
func $use(f *$rt.Factory) { $given.Store(f) }

// $gate is where sends wait for their turn on the way to the old manager: one at
// a time for each addressee, all of them counted by the factory.
func $gate() *$rt.Gate {
	f := $given.Load()
	if f == nil {
		f = $own()
	}
	return f.Gate("$manager")
}

var $own = $sync.OnceValue(func() *$rt.Factory {
	f, err := $rt.NewFactory(nil)
	if err != nil {
		panic(err) // the default options are valid
	}
	$slog.Info("$pkg: $use was not called, sends go through a factory with default options")
	return f
})
`
