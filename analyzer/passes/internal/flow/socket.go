package flow

import (
	"go/types"
	"strings"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// containerName reports whether a library type says by its name that it is one.
func containerName(name string) bool {
	for _, part := range []string{"Map", "List", "Set", "Cache", "Array", "Registry"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// socket models the WebSocket libraries: what upgrades, dials and delivers.
func (s *site) socket(path, name string) (outcome, bool) {
	n := max(s.fn.Signature().Results().Len(), 1)
	results := make([]Set, n)
	for i := range results {
		results[i] = Set{made(Opaque, s.all())}
	}
	out := outcome{results: results}
	if s.recv != nil && s.hubMethod(name, &out) {
		return out, true
	}
	switch {
	case conns.Accepts(path, name):
		s.connection(Accepted, path, &out)
		out.effects = append(out.effects, &Effect{Op: Upgrade, Target: &Value{Op: Accepted, Lib: path}})
	case conns.Dials(path, name):
		s.connection(Dialed, path, &out)
	case conns.Writes(path, name):
		out.effects = append(out.effects, s.delivery()...)
	case name == "Close" || name == "CloseNow":
		out.effects = append(out.effects, s.each(s.recv, Effect{Op: Close})...)
	default:
		return s.otherSocket(name, out)
	}
	return out, true
}

// declared models the methods of a connection type that the configuration names: it
// says nothing of what they do, so here their names have to.
func (s *site) declared(name string) (outcome, bool) {
	out := outcome{results: make([]Set, max(s.fn.Signature().Results().Len(), 1))}
	for i := range out.results {
		out.results[i] = Set{made(Opaque, s.all())}
	}
	if name == "Close" {
		out.effects = s.each(s.recv, Effect{Op: Close})
		return out, true
	}
	for _, verb := range []string{"Write", "Send", "Emit", "Push", "Publish", "Reply", "Notify"} {
		rest, ok := strings.CutPrefix(name, verb)
		if ok && len(s.args) > 0 && (rest == "" || rest[0] < 'a' || rest[0] > 'z') && !strings.Contains(rest, "Deadline") && !strings.Contains(rest, "Limit") {
			out.effects = s.delivery()
			return out, true
		}
	}
	return outcome{}, false
}

// connection makes the results that are connections values of their own.
func (s *site) connection(op Op, path string, out *outcome) {
	results := s.fn.Signature().Results()
	for i := range out.results {
		if i < results.Len() && s.p.Catalog.Bears(results.At(i).Type()) != "" || op == Accepted && i == 0 {
			out.results[i] = Set{{Op: op, Lib: path}}
		}
	}
}

// delivery is the write of a payload: to the receiver, or to the argument that is a
// connection when the library's function takes one. A payload that names who sent it
// carries one as well, and is no target.
func (s *site) delivery() []*Effect {
	target, rest := s.recv, s.args
	for i, a := range s.args {
		if i < len(s.call.Args) && s.p.Catalog.Conn(s.p.TypeOf(s.call.Args[i])) != "" {
			target, rest = a, append(append([]Set(nil), s.args[:i]...), s.args[i+1:]...)
			break
		}
	}
	if target == nil && len(s.args) > 0 {
		target, rest = s.args[0], s.args[1:] // wsutil.WriteServerText(w, p)
	}
	return s.each(target, Effect{Op: Write, Val: Join(rest...), Args: rest})
}

// otherSocket handles what is neither delivery nor the making of a connection.
func (s *site) otherSocket(name string, out outcome) (outcome, bool) {
	switch name {
	case "To", "In", "Of", "Except", "Local", "Compress", "Volatile":
		if s.recv != nil { // socket.io's way of choosing a room
			out.results[0] = s.chosen(name)
		}
	case "Get", "MustGet", "Keys", "Set", "UnSet", "Query", "Params", "Locals":
		if s.recv != nil {
			out.results[0] = field(s.recv, "keys", "")
		}
	}
	return out, true
}

func (s *site) chosen(name string) Set {
	if name == "To" || name == "In" {
		return elem(s.recv, s.arg(0), s.p.libOf(s.fn), s.call)
	}
	return s.recv
}

func (p *Package) libOf(f *types.Func) string { return conns.CleanPath(f.Pkg().Path()) }

// hubMethod models the registries that come with a library: melody, socket.io,
// centrifuge.
func (s *site) hubMethod(name string, out *outcome) bool {
	named := conns.Named(s.fn.Signature().Recv().Type())
	if named == nil || s.p.Catalog.Hub(named) == "" {
		return false
	}
	lib := s.p.libOf(s.fn)
	all := elem(s.recv, nil, lib, nil)
	put := func(target Set, val ...Set) {
		out.effects = append(out.effects, s.each(target, Effect{Op: Write, Val: Join(val...), Args: val})...)
	}
	switch name {
	case "Broadcast", "BroadcastBinary", "BroadcastToAll", "Emit", "Send":
		put(all, s.args...)
	case "BroadcastFilter", "BroadcastBinaryFilter":
		for _, e := range s.each(all, Effect{Op: Write, Val: s.arg(0), Args: s.args[:1]}) {
			e.Guards = s.p.predicate(s.arg(1))
			out.effects = append(out.effects, e)
		}
	case "BroadcastOthers", "BroadcastBinaryOthers":
		put(all, s.arg(0))
	case "BroadcastMultiple":
		put(elem(s.arg(1), nil, lib, nil), s.arg(0))
	case "BroadcastToNamespace":
		put(all, s.args[min(1, len(s.args)):]...)
	case "BroadcastToRoom":
		put(elem(field(s.recv, "rooms", ""), s.arg(1), lib, s.call), s.args[min(2, len(s.args)):]...)
	case "Publish":
		put(elem(field(s.recv, "rooms", ""), s.arg(0), lib, s.call), s.arg(1))
	case "JoinRoom", "Subscribe":
		out.effects = append(out.effects, s.each(field(s.recv, "rooms", ""), Effect{Op: Put, Key: s.arg(0), Val: s.all()})...)
	case "LeaveRoom", "Unsubscribe", "Disconnect":
		out.effects = append(out.effects, s.each(field(s.recv, "rooms", ""), Effect{Op: Del, Key: s.arg(0)})...)
	case "HandleRequest", "HandleRequestWithKeys", "ServeHTTP":
		out.effects = append(out.effects, s.each(s.recv, Effect{Op: Put, Key: unknown, Val: Set{{Op: Accepted, Lib: lib}}})...)
		out.effects = append(out.effects, &Effect{Op: Upgrade, Target: &Value{Op: Accepted, Lib: lib}})
	case "Sessions":
		out.results[0] = s.recv
	case "To", "In":
		out.results[0] = elem(field(s.recv, "rooms", ""), s.arg(0), lib, s.call)
	default:
		return false
	}
	return true
}
