package bind

import (
	"fmt"
	"go/types"
	"strings"
)

// Mode says how generated code delivers.
type Mode struct {
	Plain bool             // no dependency: straight through the manager
	Wraps func(o *Op) bool // whose own sends go through emitters: it needs no turn itself
	Taken map[string]bool  // names that other generated files of the package have
	Own   map[string]bool  // names that the file has from an earlier run
}

// Generate writes the file that declares the emitters of one package. All of them
// belong to one singleton.
func Generate(emitters []*Emitter, mode Mode) ([]byte, error) {
	s := newSource(emitters[0].Pkg)
	for _, e := range emitters {
		s.taken[e.Type], s.taken[e.For], s.taken[e.ListType()], s.taken[e.ListFor()] = true, true, true, true
	}
	for name := range mode.Own {
		delete(s.taken, name)
	}
	for name := range mode.Taken {
		s.taken[name] = true
	}
	names := Helpers()
	shared := &helpers{fresh(names[0], s.taken), fresh(names[1], s.taken), fresh(names[2], s.taken), fresh(names[3], s.taken)}
	gated := false
	for _, e := range emitters {
		w := &writer{source: s, e: e, mode: mode, recv: e.receiverName(), shared: shared}
		w.declare()
		w.makers()
		for _, o := range e.Ops {
			w.method(o)
			gated = gated || w.gated(o)
		}
		w.lists()
	}
	if gated {
		(&writer{source: s, e: emitters[0], mode: mode, shared: shared}).factory()
	}
	return s.file(Marker + emitters[0].Singleton)
}

type writer struct {
	*source
	e      *Emitter
	mode   Mode
	recv   string
	shared *helpers
	// several is set while the type for several addressees is written
	several bool
}

// receiverName is e, or what no parameter of any method is called.
func (e *Emitter) receiverName() string {
	used := map[string]bool{}
	for _, o := range e.Ops {
		sig := o.signature()
		for _, tuple := range []*types.Tuple{sig.Params(), sig.Results()} {
			for v := range tuple.Variables() {
				used[v.Name()] = true
			}
		}
	}
	for _, name := range []string{"e", "em", "emitter"} {
		if !used[name] {
			return name
		}
	}
	return fresh("emitter", used)
}

func (w *writer) declare() {
	noun := w.e.Kind.noun()
	w.comment("%s sends to one %s, the one that [%s] was given, and can reach no other. It is a small value: copy it, share it between goroutines, drop it when done.", w.e.Type, noun, w.maker())
	w.printf("type %s%s struct {\n", w.e.Type, w.typeParams())
	if w.e.Owner != nil {
		w.printf("%s %s\n", w.e.managerField(), w.typeText(w.e.Owner))
	}
	if w.e.compound() {
		w.printf("%s %s\n", w.e.keyName(), w.e.Recipient)
	} else {
		w.printf("%s %s\n", w.e.Key[0].Name, w.typeText(w.e.Key[0].Type))
	}
	w.printf("}\n\n")
	if w.e.compound() {
		w.recipient()
	}
}

// maker is what makes emitters: the function, or the method where there is none.
func (w *writer) maker() string {
	owner, ok := types.Unalias(deref(orNil(w.e.Owner))).(*types.Named)
	if w.e.Accessor != "" || !ok || w.e.byInterface() {
		return w.makes()
	}
	return owner.Obj().Name() + "." + w.makes()
}

// makes is the name of the function, and of the method.
func (w *writer) makes() string {
	if w.several {
		return w.e.ListFor()
	}
	return w.e.For
}

// typ is the emitter's type where it is used: of a generic manager with its
// parameters.
func (w *writer) typ() string {
	if w.several {
		return w.instance(w.e.ListType())
	}
	return w.single()
}

// single is the type for one addressee, whichever is being written.
func (w *writer) single() string { return w.instance(w.e.Type) }

func (w *writer) instance(name string) string {
	var names []string
	for _, p := range typeParams(w.e.Owner) {
		names = append(names, p.Obj().Name())
	}
	if names == nil {
		return name
	}
	return name + "[" + strings.Join(names, ", ") + "]"
}

// typeParams declares the parameters that the emitter of a generic manager has.
func (w *writer) typeParams() string {
	var list []param
	for _, p := range typeParams(w.e.Owner) {
		list = append(list, param{p.Obj().Name(), w.typeText(p.Constraint())})
	}
	if list == nil {
		return ""
	}
	return "[" + joinParams(list) + "]"
}

// recipient declares the struct that names an addressee by several parts.
func (w *writer) recipient() {
	w.comment("%s names one %s by all its parts together.", w.e.Recipient, w.e.Kind.noun())
	w.printf("type %s struct {\n", w.e.Recipient)
	for _, f := range w.e.Key {
		w.printf("%s %s\n", exported(f.Name), w.typeText(f.Type))
	}
	w.printf("}\n\n")
}

// managerField is the field that holds the manager.
func (e *Emitter) managerField() string {
	used := map[string]bool{e.keyName(): true}
	for _, o := range e.Ops {
		used[e.names[o]] = true
	}
	return fresh("manager", used)
}

// makers writes the function EmitterFor, where the package has an accessor, and
// the manager's method of that name.
func (w *writer) makers() {
	e, key, made := w.e, w.key(), w.makes()
	param, given := key+" "+w.keyType(), key
	if w.several {
		param, given = key+" ..."+w.typeText(e.Key[0].Type), key+"..."
	}
	function := func(body string) {
		w.makerDoc(made, "")
		w.printf("func %s(%s) %s {\n\treturn %s\n}\n\n", made, param, w.typ(), body)
	}
	switch {
	case e.Owner == nil:
		function(w.literal(""))
	case e.byInterface():
		function(w.literal(e.Accessor))
	default:
		if e.Accessor != "" {
			function(e.Accessor + "." + made + "(" + given + ")")
		}
		recv := w.ownerReceiver()
		w.makerDoc(made, " on "+recv)
		w.printf("func (%s %s) %s(%s) %s {\n\treturn %s\n}\n\n", recv, w.typeText(e.Owner), made, param, w.typ(), w.literal(recv))
	}
}

func (w *writer) makerDoc(name, where string) {
	what := "one " + w.e.Kind.noun()
	if w.several {
		what = "several " + w.e.Kind.noun() + "s at once"
	}
	w.comment("%s returns the emitter of %s%s. Making it has no effect and never blocks.", name, what, where)
}

// key is the field that names the addressee, or all of them.
func (w *writer) key() string {
	if w.several {
		return w.e.listKey()
	}
	return w.e.keyName()
}

func (w *writer) keyType() string {
	if w.e.compound() {
		return w.e.Recipient
	}
	return w.typeText(w.e.Key[0].Type)
}

func (w *writer) literal(manager string) string {
	key := w.key()
	fields := key + ": " + key
	if manager != "" {
		fields = w.e.managerField() + ": " + manager + ", " + fields
	}
	return w.typ() + "{" + fields + "}"
}

// ownerReceiver names the receiver as the manager's own methods do.
func (w *writer) ownerReceiver() string {
	used := map[string]bool{w.key(): true}
	for _, o := range w.e.Ops {
		if recv := o.signature().Recv(); recv != nil && recv.Name() != "" && recv.Name() != "_" && !used[recv.Name()] {
			return recv.Name()
		}
	}
	return fresh("m", used)
}

// method writes the op without its addressee.
func (w *writer) method(o *Op) {
	name := w.e.Method(o)
	if o.Element != nil {
		w.element(o, name)
		return
	}
	if o.Case {
		w.caseValue(o, name)
		return
	}
	params, args := w.e.params(w.source, o, w.recv)
	if w.several {
		args[o.list()] = w.recv + "." + w.key()
		if o.signature().Variadic() && o.list() == len(args)-1 {
			args[o.list()] += "..."
		}
	}
	avoid := w.e.avoid(o, w.recv)
	for _, p := range params {
		avoid[p.name] = true
	}
	out := results(w.source, o, avoid)
	checks := w.payloadChecks(o, params, out)
	call := w.target(o) + "(" + strings.Join(args, ", ") + ")"
	if o.Channel != nil {
		call = w.target(o) + " <- " + args[0]
	}
	w.methodDoc(o, name)
	if w.gated(o) {
		w.gatedBody(o, name, params, out, checks, call)
		return
	}
	list := w.plainResults(o)
	if strings.Contains(checks, "return") {
		list = resultList(out)
	}
	w.printf("func (%s %s) %s(%s) %s {\n%s%s", w.recv, w.typ(), name, joinParams(params), list, checks, w.setter(o))
	if len(out) > 0 {
		w.printf("return ")
	}
	w.printf("%s\n}\n\n", call)
}

func (w *writer) methodDoc(o *Op, name string) {
	what := o.Func.Name()
	if recv, ok := types.Unalias(deref(orNil(o.receiver()))).(*types.Named); ok {
		what = recv.Obj().Name() + "." + what
	}
	switch {
	case w.several:
		w.comment("%s is [%s] for all of the emitter's %ss, in one call.", name, what, w.e.Kind.noun())
	case o.Channel != nil:
		w.comment("%s sends on [%s] what is for the emitter's %s.", name, what, w.e.Kind.noun())
	case o.Setter != nil:
		w.comment("%s is [%s] for the emitter's %s: %s and the send are one step.", name, what, w.e.Kind.noun(), o.Setter.Name())
	default:
		w.comment("%s is [%s] for the emitter's %s.", name, what, w.e.Kind.noun())
	}
}

// target is the old function.
func (w *writer) target(o *Op) string {
	if o.receiver() == nil {
		return o.Func.Name()
	}
	return w.recv + "." + w.e.managerField() + "." + o.Func.Name()
}

func (w *writer) setter(o *Op) string {
	if o.Setter == nil {
		return ""
	}
	return fmt.Sprintf("%s.%s.%s(%s.%s)\n", w.recv, w.e.managerField(), o.Setter.Name(), w.recv, w.e.keyName())
}

// payloadChecks holds a payload whose field names the addressee to the emitter's
// own: in a copy it is simply set, what is shared with the caller is compared.
func (w *writer) payloadChecks(o *Op, params, out []param) string {
	var text strings.Builder
	kept := -1
	for i := range o.signature().Params().Len() {
		if o.whole(i) {
			continue
		}
		kept++
		for j, part := range o.Key {
			if part.Param != i || part.Path == "" {
				continue
			}
			field, own := params[kept].name+"."+part.Path, w.e.keyPart(w.recv, j)
			if _, shared := o.signature().Params().At(i).Type().Underlying().(*types.Pointer); shared || strings.Contains(part.Path, ".") {
				text.WriteString(w.mismatch(field, own, out))
			} else {
				fmt.Fprintf(&text, "%s = %s\n", field, own)
			}
		}
	}
	return text.String()
}

// mismatch refuses a message that names another addressee than the emitter's.
func (w *writer) mismatch(field, own string, out []param) string {
	const words = ": message for %v given to the emitter of %v"
	var refuse string
	if n := len(out); n > 0 && out[n-1].typ == "error" {
		refuse = fmt.Sprintf("%s = %s.Errorf(%q, %s, %s)", out[n-1].name, w.use("fmt", "fmt"), w.pkg.Name()+words, field, own)
	} else {
		refuse = fmt.Sprintf("%s.Printf(%q, %s, %s)", w.use("log", "log"), w.pkg.Name()+words, field, own)
	}
	return fmt.Sprintf("if %s != %s {\n%s\nreturn %s\n}\n", field, own, refuse, names(out))
}

func (w *writer) plainResults(o *Op) string {
	results := o.signature().Results()
	var types []string
	for v := range results.Variables() {
		types = append(types, w.typeText(v.Type()))
	}
	if len(types) < 2 {
		return strings.Join(types, "")
	}
	return "(" + strings.Join(types, ", ") + ")"
}

func (w *writer) gated(o *Op) bool {
	return !w.mode.Plain && !o.Ungated && !o.Lookup && (w.mode.Wraps == nil || !w.mode.Wraps(o))
}
