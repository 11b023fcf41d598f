package move

import (
	"fmt"
	"go/format"
	"go/types"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
)

// File is the code that stands where the registry was. Only what the moved code
// calls is written.
type File struct {
	pkg       *types.Package
	singleton string
	key       types.Type
	names     map[string]string // by role, fresh in the package
	needs     map[string]bool
	origins   bool // an Upgrader decides on origins itself
	headers   bool // an upgrade answers with headers of its own
	protocols bool // an Upgrader agrees on a subprotocol
	compress  bool // the Upgraders compress
	onlyOne   bool // a user's newest connection replaces the others
	list      *entries
	melody    bool              // what connects are sessions
	bounds    map[string]string // settings of the sessions that have a counterpart
}

func newFile(pkg *types.Package, singleton string, key types.Type, taken func(string) bool) *File {
	f := &File{pkg: pkg, singleton: singleton, key: key, names: map[string]string{}, needs: map[string]bool{}}
	for _, name := range []string{"Accept", "Connection", "userConn", "connOf", "connOrNil", "allConns", "online", "UseFactory", "FactoryOptions", "factory", "ownFactory", "currentFactory", "connectionKey", "connectionIn", "userID", "sameOrigin", "subprotocol", "wire"} {
		fresh := name
		for n := 2; taken(fresh); n++ {
			fresh = fmt.Sprint(name, n)
		}
		f.names[name] = fresh
	}
	return f
}

func (f *File) of() string     { return f.need("connOf") }
func (f *File) orNil() string  { f.need("connOf"); return f.need("connOrNil") }
func (f *File) all() string    { return f.need("allConns") }
func (f *File) online() string { return f.need("online") }
func (f *File) accept() string { return f.need("Accept") }

// Factory is the function that gives the package's factory.
func (f *File) Factory() string { return f.names["currentFactory"] }

func (f *File) need(name string) string {
	f.needs[name] = true
	return f.names[name]
}

// file starts the file to be generated, with names that the package has not got;
// those of an earlier file of ours count as free.
func (m *mover) file(reg *registry) {
	ours := map[string]bool{}
	for i, syntax := range m.Package.Files {
		if _, ok := bind.Generated(syntax); ok {
			name := m.Package.FileNames[i]
			for _, declared := range m.Package.Types.Scope().Names() {
				if m.Program.Fset.Position(m.Package.Types.Scope().Lookup(declared).Pos()).Filename == name {
					ours[declared] = true
				}
			}
		}
	}
	m.result.File = newFile(m.Package.Types, m.Singleton.ID, reg.key, func(name string) bool {
		return m.Package.Types.Scope().Lookup(name) != nil && !ours[name]
	})
}

// keyCode spells conversions between a registry's key and the runtime's user id;
// nil when there are none.
func keyCode(key types.Type) *conversion {
	basic, ok := key.Underlying().(*types.Basic)
	switch {
	case !ok:
		return nil
	case basic.Info()&types.IsString != 0:
		return &conversion{to: "$rt.UserID($key)", back: "$type($id)"}
	case basic.Info()&types.IsUnsigned != 0 && basic.Kind() != types.Uintptr:
		return &conversion{to: "$rt.UserID(strconv.FormatUint(uint64($key), 10))", parse: "strconv.ParseUint(string($id), 10, 64)", imports: "strconv"}
	case basic.Info()&types.IsInteger != 0:
		return &conversion{to: "$rt.UserID(strconv.FormatInt(int64($key), 10))", parse: "strconv.ParseInt(string($id), 10, 64)", imports: "strconv"}
	}
	return nil
}

type conversion struct {
	to, back string
	parse    string // gives a number and an error
	imports  string
}

// Generate writes the file.
func (f *File) Generate() ([]byte, error) {
	w := &fileWriter{File: f, imports: map[string]string{bind.RuntimePath: "wsruntime", "context": "", "io": "", "log/slog": "", "net/http": "", "sync": "", "sync/atomic": ""}}
	conv := keyCode(f.key)
	if f.melody {
		return f.generateSessions()
	}
	if f.list != nil {
		return f.generateEntries(w, conv)
	}
	if conv.imports != "" {
		w.imports[conv.imports] = ""
	}
	w.keyType = types.TypeString(f.key, w.qualify)
	w.add(acceptText)
	w.add(connectionText)
	w.add(abandonText)
	w.add(receiveText)
	w.settingMethods()
	if f.needs["connOf"] || f.needs["allConns"] {
		w.writers()
	}
	if f.needs["connOf"] {
		w.add(connOfText)
	}
	if f.needs["connOrNil"] {
		w.add(connOrNilText)
	}
	if f.needs["allConns"] {
		w.imports["iter"] = ""
		w.add(w.allText(conv))
	}
	if f.needs["online"] {
		w.add(onlineText)
	}
	w.add(factoryText)
	w.add(factoryCoreText)
	if f.origins {
		w.imports["net/url"], w.imports["strings"] = "", ""
		w.add(sameOriginText)
	}
	return format.Source([]byte(w.header() + w.replace(conv)))
}

// writers adds the stand-in for connections with the methods that are called.
func (w *fileWriter) writers() {
	w.add(userConnText)
	for _, name := range []string{"WriteJSON", "WriteMessage", "SetWriteDeadline", "Close"} {
		if w.needs[name] {
			w.add(writeText[name])
		}
	}
	if w.needs["SetWriteDeadline"] {
		w.imports["time"] = ""
	}
	if w.needs["Close"] {
		w.imports["errors"] = ""
	}
}

type fileWriter struct {
	*File
	text    strings.Builder
	imports map[string]string
	keyType string
}

func (w *fileWriter) add(text string) { w.text.WriteString(text + "\n") }

func (w *fileWriter) qualify(p *types.Package) string {
	if p == w.pkg {
		return ""
	}
	w.imports[p.Path()] = ""
	return p.Name()
}

func (w *fileWriter) header() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s%s\n\npackage %s\n\nimport (\n", bind.Marker, w.singleton, w.pkg.Name())
	var std, others []string
	for path, name := range w.imports {
		line := "\t" + strings.TrimSpace(name+" "+fmt.Sprintf("%q", path)) + "\n"
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
			others = append(others, line)
		} else {
			std = append(std, line)
		}
	}
	slices.Sort(std)
	slices.Sort(others)
	return out.String() + strings.Join(std, "") + "\n" + strings.Join(others, "") + ")\n\n"
}

// replace fills the names into the text. A line that begins with $if-NAME: stays
// only when NAME holds.
func (w *fileWriter) replace(conv *conversion) string {
	conditions := map[string]bool{"origins": w.origins, "one": w.onlyOne, "headers": w.headers, "protocols": w.protocols, "compress": w.compress, "list": w.list != nil, "map": w.list == nil}
	var kept strings.Builder
	for line := range strings.Lines(w.text.String()) {
		if rest, ok := strings.CutPrefix(line, "$if-"); ok {
			name, text, _ := strings.Cut(rest, ":")
			if !conditions[name] && !w.needs[name] {
				continue
			}
			line = text
		}
		kept.WriteString(line)
	}
	declared, init := w.acceptParameters()
	pairs := []string{"$parameters", declared, "$origin", init, "$to", conv.to, "$type", w.keyType, "$queue", w.bounds["MessageBufferSize"], "$inbound", w.bounds["MaxMessageSize"]}
	for role, name := range w.names {
		pairs = append(pairs, "$"+role+"$", name)
	}
	pairs = append(pairs, w.entryPairs()...)
	text := strings.NewReplacer(pairs...).Replace(kept.String())
	return strings.NewReplacer("$rt", "wsruntime", "$key", "user", "$pkg", w.pkg.Name()).Replace(text)
}

// allText is the loop over everybody, with the user's id as the registry had it.
func (w *fileWriter) allText(conv *conversion) string {
	body := "\t\t\tif !yield(" + strings.NewReplacer("$id", "id", "$type", w.keyType).Replace(conv.back) + ", &$userConn${id}) {\n\t\t\t\treturn\n\t\t\t}\n"
	if conv.parse != "" {
		body = "\t\t\tuser, err := " + strings.ReplaceAll(conv.parse, "$id", "id") + "\n\t\t\tif err == nil && !yield(" + w.keyType + "(user), &$userConn${id}) {\n\t\t\t\treturn\n\t\t\t}\n"
	}
	return strings.Replace(allConnsText, "$body\n", body, 1)
}
