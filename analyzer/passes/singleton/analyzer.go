package singleton

import (
	_ "embed"
	"fmt"
	"go/ast"
	"reflect"
	"sort"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
	"github.com/wsmig/wsmig/analyzer/passes/internal/passdoc"
)

//go:embed doc.go
var doc string

// Options are the settings of one run. Nil means defaults.
type Options struct {
	// Accessors are functions "path.Func" and variables "path.Var" that are declared
	// to be process-wide managers whatever their types say.
	Accessors []string
	// Conns are further connection types, "path.Type".
	Conns []string
	// Rooms are parts of words that tell a room from a user with several
	// connections; nil means DefaultRooms.
	Rooms []string
	// Roles overrides what is inferred of functions, "path.Func" or
	// "path.(Type).Method".
	Roles map[string]Override
	// Closed is what is known of the whole program, for drivers that see it.
	Closed func() []*flow.Unit
	// Late is what only importers of a declaring package can tell of its variables,
	// by the ID of the singleton.
	Late func() map[string]Late

	_ struct{}
}

// Late is what other packages tell of a variable.
type Late struct {
	Library string // of its connections, "" when they stay behind callbacks
	All     bool   // it is a channel, and what is sent on it goes to everybody
	Table   bool   // its entries have names that the program spells out, as commands have and users have not
}

// And joins what two packages tell of one variable.
func (l Late) And(o Late) Late {
	if o.Library == "" {
		o.Library, o.All = l.Library, l.All
	}
	o.Table = o.Table || l.Table
	return o
}

// Override is a role that somebody gave a function. Addressee is the number of the
// parameter that picks the receiver, from 1, or 0.
type Override struct {
	Role      findings.Role
	Addressee int
}

// DefaultRooms are the words that name groups of users in most chat and business
// servers.
var DefaultRooms = []string{"room", "channel", "topic", "group", "tag", "keyword", "lobby", "conversation", "game", "match", "board", "document", "app", "tenant", "company", "organi", "org", "team", "workspace", "project", "guild", "zone", "system"}

// Analyzer finds singletons with the default options.
var Analyzer = New(nil)

// New returns an analyzer with options of its own. Its result is a *Result.
func New(opts *Options) *analysis.Analyzer {
	if opts == nil {
		opts = &Options{}
	}
	base := flow.New(&flow.Options{Conns: opts.Conns, Closed: opts.Closed})
	a := &analysis.Analyzer{
		Name:             "singleton",
		Doc:              passdoc.Must(doc),
		URL:              "https://pkg.go.dev/github.com/wsmig/wsmig/analyzer/passes/singleton",
		Requires:         []*analysis.Analyzer{base},
		RunDespiteErrors: true,
		ResultType:       reflect.TypeFor[*Result](),
		FactTypes:        []analysis.Fact{new(Fact)},
	}
	a.Run = func(pass *analysis.Pass) (any, error) {
		p, _ := pass.ResultOf[base].(*flow.Package)
		return (&run{pass: pass, p: p, opts: opts}).run()
	}
	return a
}

// Fact carries the singletons that importers of a package can reach.
type Fact struct {
	Singletons []*Singleton
	Bound      []string // functions that wsmig fix wrote
}

// AFact marks Fact as a fact.
func (*Fact) AFact() {}

func (f *Fact) String() string {
	names := make([]string, len(f.Singletons))
	for i, s := range f.Singletons {
		names[i] = s.ID
	}
	return strings.Join(names, " ")
}

// run is the analysis of one package.
type run struct {
	pass   *analysis.Pass
	p      *flow.Package
	opts   *Options
	result *Result
	states map[string]*state
	bound  map[string]bool
}

// state is a singleton with what the judging of its uses needs.
type state struct {
	*Singleton
	value *flow.Value
}

func (r *run) run() (any, error) {
	r.result = &Result{Known: map[string]*Singleton{}, Late: map[string]Late{}, Flow: r.p, run: r}
	r.states, r.bound = map[string]*state{}, map[string]bool{}
	path := conns.CleanPath(r.pass.Pkg.Path())
	for _, imp := range r.pass.Pkg.Imports() {
		if r.pass.Module == nil && !r.p.Catalog.FirstParty(imp.Path()) {
			continue // a driver that reads other modules as well, and does not say which they are
		}
		fact := new(Fact)
		if r.pass.ImportPackageFact(imp, fact) {
			for _, s := range fact.Singletons {
				r.know(s)
			}
			for _, name := range fact.Bound {
				r.bound[name] = true
			}
		}
	}
	r.indexBound()
	(&finder{run: r, path: path}).find()
	r.uses()
	r.tables()
	r.export()
	r.report()
	return r.result, nil
}

// know makes a singleton one whose uses are looked for.
func (r *run) know(s *Singleton) *state {
	if known := r.states[s.ID]; known != nil {
		return known
	}
	v := &flow.Value{Op: flow.Global, Name: s.variable()}
	for _, f := range s.Path {
		v = &flow.Value{Op: flow.Field, Name: f, X: v}
	}
	st := &state{Singleton: s, value: v}
	r.states[s.ID] = st
	r.result.Known[s.ID] = s
	return st
}

// variable is the name of the package variable behind the singleton.
func (s *Singleton) variable() string {
	name, _, _ := strings.Cut(s.Name, ".")
	return s.Package + "." + name
}

func (r *run) export() {
	var all []*Singleton
	for _, id := range sortedIDs(r.result.Known) {
		c := *r.result.Known[id]
		c.Object, c.Named, c.Node = nil, nil, nil
		all = append(all, &c)
	}
	fact := &Fact{Singletons: all}
	for name := range r.bound {
		fact.Bound = append(fact.Bound, name)
	}
	sort.Strings(fact.Bound)
	if len(all)+len(fact.Bound) > 0 {
		r.pass.ExportPackageFact(fact)
	}
}

func sortedIDs(m map[string]*Singleton) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	return ids
}

func (r *run) report() {
	for _, s := range r.result.Singletons {
		r.diagnose(s.Node, s.Severity, findings.Declaration, s.Declared(), findings.RoleDeclaration)
	}
	for _, site := range r.result.Sites {
		r.diagnose(site.Node, site.Severity(), findings.Use, site.Message(), site.Role)
	}
}

func (r *run) diagnose(n ast.Node, severity findings.Severity, category findings.Category, message string, role findings.Role) {
	if severity == findings.Info {
		message = "info: " + message
	}
	r.pass.Report(analysis.Diagnostic{
		Pos: n.Pos(), End: n.End(), Category: string(category),
		Message: fmt.Sprintf("%s (singleton, %s)", message, role),
	})
}

// Declared says in one sentence what the singleton is.
func (s *Singleton) Declared() string {
	text := fmt.Sprintf("%s is a process-wide WebSocket manager (%s): every user's connection can be reached through it", s.Name, s.Form)
	if s.Severity == findings.Info && s.Reason != "" {
		text = fmt.Sprintf("%s is process-wide state (%s): %s", s.Name, s.Form, s.Reason)
	}
	return text
}

// Severity is that of the singleton; code that wsmig fix wrote only informs.
func (s *Site) Severity() findings.Severity {
	if s.File != nil && Bound(s.File) {
		return findings.Info
	}
	return s.Singleton.Severity
}

// Message says in one sentence what the site does.
func (s *Site) Message() string {
	name := s.Singleton.Name
	text := map[findings.Role]string{
		findings.UserSend:   "sends to one user",
		findings.ConnSend:   "sends to one connection",
		findings.RoomSend:   "sends to a room",
		findings.RoutedSend: "sends to whoever the message names",
		findings.Broadcast:  "sends to everyone",
		findings.Register:   "registers a connection",
		findings.Unregister: "removes a connection",
		findings.Lifecycle:  "sets up or shuts down",
		findings.Query:      "reads",
		findings.Escape:     "hands out the manager itself",
		findings.Other:      "does something that could not be followed",
	}[s.Role]
	out := fmt.Sprintf("%s through the process-wide %s", text, name)
	if s.Role == findings.Query || s.Role == findings.Lifecycle || s.Role == findings.Escape {
		out = fmt.Sprintf("%s: process-wide %s", text, name)
	}
	if s.Addressee != nil {
		out += ", addressee " + s.Addressee.Whole
	} else if s.Reason != "" {
		out += ": " + s.Reason
	}
	return out
}

// KnownLibrary reports whether the import path is a WebSocket library that the
// analyzers know.
func KnownLibrary(path string) bool { return conns.Known(path) || path == conns.Runtime }
