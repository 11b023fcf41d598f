package singleton

import (
	"go/ast"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/flow"
)

// Result is what the analyzer knows of one package: its ResultType. It is
// read-only. Syntax and types are those of the pass.
type Result struct {
	// Singletons are those declared in this package, in file order.
	Singletons []*Singleton
	// Flow follows the values of the package; it is the one that this analysis used.
	Flow *flow.Package
	// Late is what this package tells of variables of imported packages that their own
	// package can't know, by the ID of the singleton.
	Late map[string]Late
	// Known are all singletons that this package can name, its own included, by ID.
	Known map[string]*Singleton
	// Sites are the uses in this package, in file order.
	Sites []*Site
	// Funcs says what the methods and functions of this package do when they are
	// called: for methods of a manager with the receiver, for package functions
	// with the singleton behind them. Functions that do none of it are absent. Func
	// answers for other packages as well.
	Funcs map[*types.Func]*Func

	run *run
}

// Singleton is one process-wide manager. Object, Field, Pos and Spec are only set
// in the package that declares it.
type Singleton struct {
	ID        string   // package path and name, "example.com/app/ws.globals.hub" for a field of a variable
	Package   string   // import path of the declaring package
	Name      string   // "hub", "globals.hub"
	Path      []string // fields from the variable to the state, usually empty
	Form      findings.Form
	Severity  findings.Severity
	Type      string   // as the declaring package's importers write it, "*ws.Hub"
	Library   string   // import path of the connection type, "" when none is reachable
	Accessors []string // functions of the declaring package that return it
	Funcs     []string // other functions of the declaring package that act on it
	Reason    string   // why the severity is info, "" otherwise

	Object *types.Var // the package variable, nil for a service locator
	Named  *types.Named
	Node   ast.Node // the declaring identifier or call
}

// Via is how a site gets hold of the manager.
type Via string

// The ways to a manager.
const (
	ViaVar      Via = "var"      // names the package variable
	ViaAccessor Via = "accessor" // calls the accessor
	ViaFunc     Via = "func"     // calls a package function over it
	ViaLocal    Via = "local"    // a local variable that holds it
	ViaField    Via = "field"    // a struct field that is a stored copy
)

// Site is one use of a singleton.
type Site struct {
	Singleton *Singleton
	Role      findings.Role
	Via       Via
	// Node is the expression that names the manager: identifier, selector or
	// accessor call. For ViaFunc it is the call of the package function, or the
	// function's name when it is used as a value.
	Node ast.Expr
	// Action is the innermost node that does something: *ast.CallExpr,
	// *ast.SendStmt, *ast.IndexExpr, *ast.AssignStmt, *ast.RangeStmt, ... It is Node
	// itself when nothing is done but naming.
	Action ast.Node
	Stmt   ast.Stmt // statement around Action; *ast.GoStmt and *ast.DeferStmt are kept
	Decl   *ast.FuncDecl
	Lit    *ast.FuncLit // innermost function literal around it, nil when there is none
	File   *ast.File

	Callee    *types.Func // what Action calls, nil for sends, indexing and function values
	Addressee *Addressee  // nil when none is known
	Reason    string      // why the role is other or the addressee is missing

	CrossPackage bool // not in the declaring package
	Test         bool // in a _test.go file
	Wrapper      bool // calls a function whose own body holds the site that counts
}

// Addressee is what picks the receiver at a site.
type Addressee struct {
	Text  string   // source text, "inv.Owner.ID"; of a compound key the last and narrowest part
	Whole string   // all parts of a compound key, else Text
	Expr  ast.Expr // the expression, nil when Text is an argument with a field path
	Keys  []Param  // where it goes in; several for a compound key
	// Args are the expressions at the site that go with Keys.
	Args []ast.Expr
}

// Param is a parameter of a function, or a field path into it.
type Param struct {
	Index    int      // 0 the receiver, 1 the first parameter; for a channel send 1 is the value sent
	Path     []string // fields from the parameter on
	Variadic bool     // the variadic parameter: each element is an addressee
	List     bool     // a slice of addressees
	Looked   bool     // the receivers are looked up from it by code that is not followed
	Type     types.Type
}

// Func is what a function does with a manager.
type Func struct {
	Object *types.Func
	Role   findings.Role
	Keys   []Param // what picks the receivers, in order; several for a compound key
	State  string  // field of the manager that picks the receiver instead of a parameter
	Sets   string  // field of the manager that the function sets from its first key: the other half of a stateful pair
	// Payload are the parameters that reach the connection.
	Payload []int
	Reason  string
	// Reentrant reports whether the function may call itself through the manager.
	Reentrant bool
}

// Unit is what one package tells the others; drivers that see the whole program
// hand it round.
type Unit = flow.Unit

// Unit returns what this package tells the others.
func (r *Result) Unit() *Unit { return r.Flow.Unit() }

// Open lists the interfaces, "path.Name", that this package calls while no
// implementation of them is known to it.
func (r *Result) Open() []string { return r.Flow.Open() }
