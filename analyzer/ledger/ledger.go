// Package ledger holds the saved form of a migration, wsmig.ledger/v1: what
// `wsmig fix` did and left, site by site. It imports nothing of the fixer, so
// that reports can render a saved ledger without it.
package ledger

import "github.com/wsmig/wsmig/analyzer/findings"

// Schema names the format and its version in every file.
const Schema = "wsmig.ledger/v1"

// Stage is how far a singleton's migration has come.
type Stage string

// The stages, in order. None is a singleton that nothing was done to.
const (
	None   Stage = ""
	Bind   Stage = "bind"   // addressed sends go through user-bound emitters
	Move   Stage = "move"   // the connections live in wsruntime
	Remove Stage = "remove" // accessor, variable and plumbing are gone
)

// Status is what became of a site.
type Status string

// Fixed was rewritten; Left should have been but was not, with a reason; Kept is
// outside what the stage asks for, such as a query or a broadcast.
const (
	Fixed Status = "fixed"
	Left  Status = "left"
	Kept  Status = "kept"
)

// Reason says why a site was left or kept.
type Reason string

// The reason codes of sites and of singletons that are held back.
const (
	AddresseeUnknown Reason = "addressee-unknown"
	InsideMessage    Reason = "inside-message"
	OtherModule      Reason = "other-module"
	Generated        Reason = "generated"
	Cgo              Reason = "cgo"
	BuildTag         Reason = "build-tag"
	TestDouble       Reason = "test-double"
	Conflict         Reason = "conflict"
	WouldNotCompile  Reason = "would-not-compile"
	Broadcast        Reason = "broadcast"
	Escape           Reason = "escape"
	Query            Reason = "query"
	Lifecycle        Reason = "lifecycle"
	Registration     Reason = "registration"
	Declaration      Reason = "declaration"
	Internal         Reason = "internal" // inside the manager itself
	NotSelected      Reason = "not-selected"
	RegistryShape    Reason = "registry-shape"
	StageLimit       Reason = "stage-limit"
	GateReentrant    Reason = "gate-reentrant"
	UnsupportedShape Reason = "unsupported-shape"
	InUse            Reason = "in-use"   // something still asks for the manager
	Exported         Reason = "exported" // nothing here does, but other modules could
)

// Ledger is one run of fix.
type Ledger struct {
	Schema       string      `json:"schema"`
	Stage        Stage       `json:"stage"`
	Builds       bool        `json:"builds"` // the result type-checked, tests and first-party importers included
	Rounds       int         `json:"rounds"` // analyse-and-edit rounds until nothing changed
	GoMod        GoMod       `json:"go_mod"`
	FilesChanged []string    `json:"files_changed"`
	Singletons   []Singleton `json:"singletons"`
	Sites        []Site      `json:"sites"`
}

// GoMod is the footprint in the module file; empty strings mean no change.
type GoMod struct {
	GoBefore string `json:"go_before"`
	GoAfter  string `json:"go_after"`
	Require  string `json:"require"`
}

// Singleton says how far one singleton got and what holds it back.
type Singleton struct {
	Name       string   `json:"name"` // package path and variable
	Stage      Stage    `json:"stage"`
	HeldBackBy []Reason `json:"held_back_by"`
}

// Site is one use. Line and Column are those before the fix; File is relative to
// the folder that the verb ran in, with slashes.
type Site struct {
	File      string        `json:"file"`
	Line      int           `json:"line"`
	Column    int           `json:"column"`
	Symbol    string        `json:"symbol"`
	Role      findings.Role `json:"role"`
	Addressee string        `json:"addressee"`
	Status    Status        `json:"status"`
	Stage     Stage         `json:"stage"`
	Reason    Reason        `json:"reason"`
	Message   string        `json:"message"` // what to do by hand or to know, "" for nothing
}
