package fixer

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// program writes a random module: managers of many makes, each in a package of
// its own, and callers in others. Every delivery and every evaluation of an
// argument prints a line, so that two versions of the program can be compared.
type program struct {
	t     *rapid.T
	files map[string]string
	calls []string // of main
}

const gorilla = "github.com/gorilla/websocket v1.5.3"

// newProgram draws a module with as many managers as wanted.
func newProgram(t *rapid.T, managers int) map[string]string {
	p := &program{t: t, files: map[string]string{
		"go.mod":           "module example.com/m\n\ngo 1.22\n\nrequire " + gorilla + "\n",
		"record/record.go": recordSource,
	}}
	for i := range managers {
		p.manager(i)
	}
	var imports strings.Builder
	for i := range managers {
		fmt.Fprintf(&imports, "\t\"example.com/m/use%d\"\n", i)
	}
	p.files["main.go"] = "package main\n\nimport (\n" + imports.String() + ")\n\nfunc main() {\n" + strings.Join(p.calls, "") + "}\n"
	return p.files
}

const recordSource = `// Package record prints what happens, in order.
package record

import (
	"errors"
	"fmt"
)

var ErrGone = errors.New("gone")

func Delivered(parts ...any) { fmt.Println(append([]any{"delivered"}, parts...)...) }

func Eval[T any](name string, v T) T {
	fmt.Println("evaluated", name, v)
	return v
}

func Result(parts ...any) { fmt.Println(append([]any{"result"}, parts...)...) }
`

// make is one manager: how it is reached, what its sends look like.
type makeOf struct {
	pkg     string
	form    string // once, var, map, value, generic, channel
	taken   string // a declaration that has a name which generated code would like to have
	key     string // the type of a user's id
	keyLit  []string
	methods []method
}

type method struct {
	name    string
	params  []string // "id" for the addressee, "list" and "variadic" for several, "Event" for a message that names it, else a payload type
	body    string   // what a send to several does beside sending
	names   []string
	results string
	isFunc  bool
}

func pick[T any](p *program, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(p.t, label)
}

func (p *program) manager(i int) {
	m := &makeOf{pkg: fmt.Sprintf("ws%d", i), form: pick(p, "form", "once", "var", "value", "map", "generic", "channel")}
	m.taken = pick(p, "taken", "", "", "type Emitter struct{}", "type Emitters struct{}", "func EmittersFor() {}", "var gate, turns int")
	switch pick(p, "key", "string", "int64", "ID", "Key") {
	case "string":
		m.key, m.keyLit = "string", []string{`"alice"`, `"bob"`, `""`}
	case "int64":
		m.key, m.keyLit = "int64", []string{"1", "int64(2)", "-3"}
	case "ID":
		m.key, m.keyLit = "ID", []string{`"alice"`, m.pkg + `.ID("bob")`}
	case "Key":
		m.key, m.keyLit = "Key", []string{m.pkg + `.Key{App: 1, User: "alice"}`, m.pkg + `.Key{App: 2, User: "bob"}`}
	}
	for n := range rapid.IntRange(1, 3).Draw(p.t, "methods") {
		if m.form == "channel" {
			m.methods = append(m.methods, method{name: "Direct" + string(rune('A'+n)), params: []string{pick(p, "sent", "Event", "*Event", "id")}})
			continue
		}
		m.methods = append(m.methods, p.method(n, m))
	}
	p.files[m.pkg+"/hub.go"] = m.source()
	use := fmt.Sprintf("use%d", i)
	p.files[use+"/use.go"] = p.use(use, m)
	p.calls = append(p.calls, fmt.Sprintf("\t%s.Run()\n", use))
}

func (p *program) method(n int, of *makeOf) method {
	m := method{
		name:    pick(p, "name", "Send", "Push", "Emit", "Notify", "EmitterFor") + string(rune('A'+n)),
		results: pick(p, "results", "", "error", "bool", "(int, error)", "(n int, err error)"),
		isFunc:  of.form == "map",
	}
	payloads := []string{"string", "[]byte", "Message", "any"}
	for range rapid.IntRange(0, 2).Draw(p.t, "payloads") {
		m.params = append(m.params, pick(p, "payload", payloads...))
	}
	at := rapid.IntRange(0, len(m.params)).Draw(p.t, "position")
	addressee := pick(p, "addressee", "id", "id", "list", "variadic")
	m.body = pick(p, "body", "", "once", "stop", "everyone")
	if addressee == "variadic" {
		at = len(m.params)
	}
	if of.form != "generic" && rapid.IntRange(0, 3).Draw(p.t, "inside the message") == 0 {
		addressee = "Event"
	}
	m.params = append(m.params[:at:at], append([]string{addressee}, m.params[at:]...)...)
	names := []string{"e", "err", "manager", "msg", "wsruntime", "gate", "h", "ok"}
	for k, param := range m.params {
		name := pick(p, "param", names...) + fmt.Sprint(k)
		if rapid.Bool().Draw(p.t, "plain") {
			name = names[(n+k)%len(names)]
		}
		if param == "id" || param == "list" || param == "variadic" {
			name = pick(p, "id name", "id", "userID", "to", "_user", "users")
		}
		m.names = append(m.names, name)
	}
	if strings.Contains(m.results, "err ") {
		for k := range m.names {
			if m.names[k] == "err" || m.names[k] == "n" {
				m.names[k] += "X"
			}
		}
	}
	return m
}

// source is the manager's package.
func (m *makeOf) source() string {
	var out strings.Builder
	fmt.Fprintf(&out, "// Package %s has a manager.\npackage %s\n\nimport (\n\t\"sync\"\n\n\t\"github.com/gorilla/websocket\"\n\n\t\"example.com/m/record\"\n)\n\n", m.pkg, m.pkg)
	out.WriteString("type ID string\n\ntype Key struct {\n\tApp  int\n\tUser string\n}\n\ntype Message struct{ Text string }\n\n")
	fmt.Fprintf(&out, "type Event struct {\n\tTo   %s\n\tText string\n}\n\n", m.key)
	out.WriteString(m.taken + "\n\n")
	switch m.form {
	case "channel":
		out.WriteString(m.channels())
		return out.String()
	case "map":
		fmt.Fprintf(&out, "var (\n\tmu sync.Mutex\n\tconns = map[%s]*websocket.Conn{}\n)\n\nfunc Register(id %s, conn *websocket.Conn) {\n\tmu.Lock()\n\tdefer mu.Unlock()\n\tconns[id] = conn\n}\n\n", m.key, m.key)
	default:
		fmt.Fprintf(&out, "type Hub%s struct {\n\tmu    sync.Mutex\n\tconns map[%s]*websocket.Conn\n}\n\nfunc (h *Hub%s) Register(id %s, conn *websocket.Conn) {\n\th.mu.Lock()\n\tdefer h.mu.Unlock()\n\th.conns[id] = conn\n}\n\n",
			m.generic("[K comparable]"), m.inside(), m.generic("[K]"), m.inside())
		out.WriteString(m.global())
	}
	for _, fn := range m.methods {
		out.WriteString(m.send(fn))
	}
	return out.String()
}

// generic is text for a generic manager, nothing for others.
func (m *makeOf) generic(text string) string {
	if m.form == "generic" {
		return text
	}
	return ""
}

// inside is the type of a user's id as the manager's methods have it.
func (m *makeOf) inside() string {
	if m.form == "generic" {
		return "K"
	}
	return m.key
}

func (m *makeOf) global() string {
	literal := "Hub" + m.generic("["+m.key+"]") + "{conns: map[" + m.key + "]*websocket.Conn{}}"
	switch m.form {
	case "once":
		return "var (\n\tinstance *Hub\n\tonce sync.Once\n)\n\n// Get returns the hub.\nfunc Get() *Hub {\n\tonce.Do(func() { instance = &" + literal + " })\n\treturn instance\n}\n\n"
	case "value":
		return "var Default = " + literal + "\n\n"
	}
	return "// Default is the hub.\nvar Default = &" + literal + "\n\n"
}

// send writes one sending method or function.
func (m *makeOf) send(fn method) string {
	var params, printed []string
	id, list := "", ""
	for k, param := range fn.params {
		typ := param
		switch param {
		case "id":
			typ, id = m.inside(), fn.names[k]
		case "list":
			typ, list, id = "[]"+m.inside(), fn.names[k], "one_"
		case "variadic":
			typ, list, id = "..."+m.inside(), fn.names[k], "one_"
		case "Event":
			id = fn.names[k] + ".To"
			printed = append(printed, fn.names[k]+".Text")
		default:
			printed = append(printed, fn.names[k])
		}
		params = append(params, fn.names[k]+" "+typ)
	}
	recv, lock, conns := "(h_ *Hub"+m.generic("[K]")+") ", "h_.mu", "h_.conns"
	if fn.isFunc {
		recv, lock, conns = "", "mu", "conns"
	}
	payload := append(printed, `"x"`)[0]
	sends := fmt.Sprintf("\trecord.Delivered(%q, %s)\n", m.pkg+"."+fn.name, strings.Join(append([]string{id}, printed...), ", "))
	sends += fmt.Sprintf("\tif conn_ := %s[%s]; conn_ != nil {\n\t\t_ = conn_.WriteJSON(%s)\n\t}\n", conns, id, payload)
	if list != "" {
		sends = m.toEach(fn, list, conns, payload, sends)
	}
	body := fmt.Sprintf("\t%s.Lock()\n\tdefer %s.Unlock()\n%s", lock, lock, sends)
	result := map[string]string{"error": "\treturn record.ErrGone\n", "bool": "\treturn true\n", "(int, error)": "\treturn 7, nil\n", "(n int, err error)": "\treturn 8, record.ErrGone\n"}[fn.results]
	return fmt.Sprintf("// %s sends.\nfunc %s%s(%s) %s {\n%s%s}\n\n", fn.name, recv, fn.name, strings.Join(params, ", "), fn.results, body, result)
}

// toEach has a send reach all of a list, in one of the ways that people write.
func (m *makeOf) toEach(fn method, list, conns, payload, sends string) string {
	before, within := fmt.Sprintf("\trecord.Delivered(%q, len(%s), %s == nil)\n", "list of "+fn.name, list, list), ""
	switch fn.body {
	case "once":
		before += "\tseen_ := map[" + m.inside() + "]bool{}\n"
		within = "\tif seen_[one_] {\n\t\tcontinue\n\t}\n\tseen_[one_] = true\n"
	case "stop":
		within = "\tif len(" + list + ") > 2 {\n\t\tbreak\n\t}\n"
	case "everyone":
		before += "\tif len(" + list + ") == 0 {\n\t\tfor _, conn_ := range " + conns + " {\n\t\t\t_ = conn_.WriteJSON(" + payload + ")\n\t\t}\n\t}\n"
	}
	return before + "\tfor _, one_ := range " + list + " {\n" + within + sends + "\t}\n"
}

// channels is a hub that is sent to on channels; Flush waits until its loop has done
// what was sent before.
func (m *makeOf) channels() string {
	var fields, made, cases strings.Builder
	for _, fn := range m.methods {
		typ, id := fn.params[0], "got.To"
		if typ == "id" {
			typ, id = m.key, "got"
		}
		fmt.Fprintf(&fields, "\t%s chan %s\n", fn.name, typ)
		fmt.Fprintf(&made, "\t%s: make(chan %s),\n", fn.name, typ)
		fmt.Fprintf(&cases, "\t\tcase got := <-h.%s:\n\t\t\trecord.Delivered(%q, %s)\n\t\t\tif conn := h.conns[%s]; conn != nil {\n\t\t\t\t_ = conn.WriteJSON(\"x\")\n\t\t\t}\n", fn.name, fn.name, id, id)
	}
	return fmt.Sprintf(`type Hub struct {
	mu    sync.Mutex
	conns map[%[1]s]*websocket.Conn
	flush chan bool
%[2]s}

func (h *Hub) Register(id %[1]s, conn *websocket.Conn) { h.conns[id] = conn }

func (h *Hub) Flush() { h.flush <- true }

func (h *Hub) run() {
	for {
		select {
		case <-h.flush:
%[4]s		}
	}
}

// Default is the hub.
var Default = started()

func started() *Hub {
	h := &Hub{
	conns: map[%[1]s]*websocket.Conn{}, flush: make(chan bool),
%[3]s	}
	go h.run()
	return h
}
`, m.key, fields.String(), made.String(), cases.String())
}
