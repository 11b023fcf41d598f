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
	form    string // once, var, map, value, generic
	key     string // the type of a user's id
	keyLit  []string
	methods []method
}

type method struct {
	name    string
	params  []string // "id" for the addressee, "Event" for a message that names it, else a payload type
	names   []string
	results string
	isFunc  bool
}

func pick[T any](p *program, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(p.t, label)
}

func (p *program) manager(i int) {
	m := &makeOf{pkg: fmt.Sprintf("ws%d", i), form: pick(p, "form", "once", "var", "value", "map", "generic")}
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
	addressee := "id"
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
		if param == "id" {
			name = pick(p, "id name", "id", "userID", "to", "_user")
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
	switch m.form {
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
	id := ""
	for k, param := range fn.params {
		typ := param
		if param == "id" {
			typ, id = m.inside(), fn.names[k]
		} else if param == "Event" {
			id = fn.names[k] + ".To"
			printed = append(printed, fn.names[k]+".Text")
		} else {
			printed = append(printed, fn.names[k])
		}
		params = append(params, fn.names[k]+" "+typ)
	}
	recv, lock, conns := "(h_ *Hub"+m.generic("[K]")+") ", "h_.mu", "h_.conns"
	if fn.isFunc {
		recv, lock, conns = "", "mu", "conns"
	}
	body := fmt.Sprintf("\t%s.Lock()\n\tdefer %s.Unlock()\n\trecord.Delivered(%q, %s)\n", lock, lock, m.pkg+"."+fn.name, strings.Join(append([]string{id}, printed...), ", "))
	body += fmt.Sprintf("\tif conn_ := %s[%s]; conn_ != nil {\n\t\t_ = conn_.WriteJSON(%s)\n\t}\n", conns, id, append(printed, `"x"`)[0])
	result := map[string]string{"error": "\treturn record.ErrGone\n", "bool": "\treturn true\n", "(int, error)": "\treturn 7, nil\n", "(n int, err error)": "\treturn 8, record.ErrGone\n"}[fn.results]
	return fmt.Sprintf("// %s sends.\nfunc %s%s(%s) %s {\n%s%s}\n\n", fn.name, recv, fn.name, strings.Join(params, ", "), fn.results, body, result)
}
