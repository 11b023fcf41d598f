package fixer

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"
)

// use writes a package that calls a manager in many ways.
func (p *program) use(name string, m *makeOf) string {
	alias := pick(p, "alias", m.pkg, "realtime", "hub", "wsruntime")
	imported := `"example.com/m/` + m.pkg + `"`
	if alias != m.pkg {
		imported = alias + " " + imported
	}
	var out strings.Builder
	fmt.Fprintf(&out, "package %s\n\nimport (\n\t%s\n\t\"example.com/m/record\"\n)\n\n", name, imported)
	stored := m.form != "map" && rapid.Bool().Draw(p.t, "stored")
	manager := map[string]string{"once": alias + ".Get()", "map": alias, "var": alias + ".Default", "generic": alias + ".Default", "value": alias + ".Default", "channel": alias + ".Default"}[m.form]
	if stored {
		address := map[string]string{"value": "&"}[m.form]
		fmt.Fprintf(&out, "type service struct {\n\tws *%s.Hub%s\n}\n\nvar s = &service{ws: %s%s}\n\n", alias, m.generic("["+p.typeIn(alias, m.key)+"]"), address, manager)
	}
	fmt.Fprintf(&out, "var (\n\tmessage = %s.Message{Text: \"m\"}\n\tevent = %s.Event{To: ids[1], Text: \"e\"}\n)\n\n", alias, alias)
	fmt.Fprintf(&out, "var ids = []%s{%s}\n\ntype owner struct{ id %s }\n\n", p.typeIn(alias, m.key), p.literals(alias, m), p.typeIn(alias, m.key))
	out.WriteString("func Run() {\n\to := owner{ids[0]}\n\t_ = o\n")
	for k := range rapid.IntRange(2, 6).Draw(p.t, "calls") {
		how := manager
		if stored && rapid.Bool().Draw(p.t, "through the copy") {
			how = "s.ws"
		}
		out.WriteString(p.call(k, how, alias, m))
	}
	out.WriteString("\trecord.Result(\"end\")\n}\n")
	return out.String()
}

func (p *program) typeIn(alias, key string) string {
	if key == "ID" || key == "Key" {
		return alias + "." + key
	}
	return key
}

func (p *program) literals(alias string, m *makeOf) string {
	return strings.ReplaceAll(strings.Join(m.keyLit, ", "), m.pkg+".", alias+".")
}

// call writes one statement that sends.
func (p *program) call(k int, manager, alias string, m *makeOf) string {
	fn := pick(p, "method", m.methods...)
	if m.form == "channel" {
		return p.onChannel(k, manager, alias, m, fn)
	}
	if m.form != "map" && rapid.IntRange(0, 5).Draw(p.t, "import shadowed") == 0 {
		return p.shadowed(manager, alias, m, fn)
	}
	var args []string
	for n, param := range fn.params {
		args = append(args, p.argument(k, n, param, alias, m))
	}
	list := strings.Join(args, ", ")
	if rapid.IntRange(0, 4).Draw(p.t, "layout") == 0 {
		list = "\n\t\t" + strings.Join(args, ",\n\t\t") + ",\n\t"
	}
	call := fmt.Sprintf("%s.%s(%s)", manager, fn.name, list)
	single := fn.results == "error" || fn.results == "bool"
	switch pick(p, "statement", "plain", "defer", "result", "if", "closure", "comment", "shadow", "goroutine", "value") {
	case "defer":
		return "\tdefer " + call + "\n"
	case "result":
		if fn.results == "" {
			break
		}
		if single {
			return "\trecord.Result(" + call + ")\n"
		}
		return fmt.Sprintf("\tn%d, err%d := %s\n\trecord.Result(n%d, err%d)\n", k, k, call, k, k)
	case "if":
		if single {
			return fmt.Sprintf("\tif r := %s; r != *new(%s) {\n\t\trecord.Result(r)\n\t}\n", call, fn.results)
		}
	case "closure":
		return "\tfunc() {\n\t\t" + call + "\n\t}()\n"
	case "comment":
		return "\t" + call + " // to the owner\n"
	case "shadow":
		return "\t{\n\t\tEmitterFor, emitter := 1, 2\n\t\t_, _ = EmitterFor, emitter\n\t\t" + call + "\n\t}\n"
	case "value":
		return fmt.Sprintf("\tf%d := %s.%s\n\tf%d(%s)\n", k, manager, fn.name, k, list)
	case "goroutine":
		return fmt.Sprintf("\tdone%d := make(chan bool)\n\tgo func() {\n\t\tdefer close(done%d)\n\t\t%s\n\t}()\n\t<-done%d\n", k, k, call, k)
	}
	return "\t" + call + "\n"
}

func (p *program) argument(k, n int, param, alias string, m *makeOf) string {
	label := fmt.Sprintf("%d.%d", k, n)
	if param == "id" {
		switch pick(p, "id", "literal", "list", "field", "evaluated", "comment") {
		case "literal":
			return strings.ReplaceAll(pick(p, "literal", m.keyLit...), m.pkg+".", alias+".")
		case "list":
			return "ids[1]"
		case "evaluated":
			return fmt.Sprintf("record.Eval(%q, ids[%d])", label, k%2)
		case "comment":
			return "o.id /* the owner */"
		}
		return "o.id"
	}
	if param == "list" || param == "variadic" {
		return p.listArgument(label, param, alias, m)
	}
	if param == "*Event" {
		return pick(p, "pointer", "&event", "&"+alias+".Event{To: ids[0]}")
	}
	if param == "Event" {
		event := alias + ".Event{To: " + p.argument(k, n, "id", alias, m) + `, Text: "t"}`
		if rapid.IntRange(0, 3).Draw(p.t, "evaluated") == 0 {
			return fmt.Sprintf("record.Eval(%q, %s)", label, event)
		}
		return event
	}
	value := map[string]string{"string": `"text"`, "[]byte": `[]byte("bytes")`, "Message": alias + `.Message{Text: "m"}`, "any": "map[string]int{\"a\": 1}"}[param]
	if rapid.Bool().Draw(p.t, "evaluated") {
		return fmt.Sprintf("record.Eval(%q, %s)", label, value)
	}
	return value
}

// listArgument is a list of addressees, or the arguments that stand for one.
func (p *program) listArgument(label, param, alias string, m *makeOf) string {
	typ := "[]" + p.typeIn(alias, m.key)
	list := pick(p, "several", "ids", "ids[:1]", "ids[:0]", "nil", typ+"{ids[1]}", typ+"{ids[1], ids[0], ids[1]}", "record.Eval(\""+label+"\", ids)", typ+"{}")
	if param == "list" {
		return list
	}
	return pick(p, "spread", "ids[1]", "ids[0], ids[1]", "ids[0],\n\t\tids[1]", "record.Eval(\""+label+"\", ids[0]), ids[1]", list+"...")
}

// onChannel sends on a channel of a hub and waits until that is done.
func (p *program) onChannel(k int, manager, alias string, m *makeOf, fn method) string {
	send := fmt.Sprintf("%s.%s <- %s", manager, fn.name, p.argument(k, 0, fn.params[0], alias, m))
	flush := "\t" + manager + ".Flush()\n"
	switch pick(p, "sent how", "plain", "if", "shadow", "comment") {
	case "if":
		return "\tif len(ids) > 0 {\n\t\t" + send + "\n\t}\n" + flush
	case "shadow":
		return "\t{\n\t\tEmitterFor, emitter := 1, 2\n\t\t_, _ = EmitterFor, emitter\n\t\t" + send + "\n\t}\n" + flush
	case "comment":
		return "\t" + send + " // to the owner\n" + flush
	}
	return "\t" + send + "\n" + flush
}

// shadowed sends where the name of the manager's package means something else.
func (p *program) shadowed(manager, alias string, m *makeOf, fn method) string {
	var args []string
	for _, param := range fn.params {
		args = append(args, map[string]string{
			"id": "ids[0]", "list": "ids", "variadic": "ids...", "Event": "event",
			"string": `"text"`, "[]byte": "nil", "Message": "message", "any": "7",
		}[param])
	}
	call := "held." + fn.name + "(" + strings.Join(args, ", ") + ")"
	held := manager
	if m.form == "value" && manager != "s.ws" {
		held = "&" + manager
	}
	return "\t{\n\t\theld := " + held + "\n\t\t" + alias + " := 1\n\t\t_ = " + alias + "\n\t\t" + call + "\n\t}\n"
}
