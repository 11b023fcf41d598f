// Package findings holds the saved form of an analysis, wsmig.lint/v1: what
// `wsmig lint --format json` prints and what every other lint format is a pure
// function of. It imports nothing of the analyzers, so that reports can render a
// saved file without them.
package findings

// Schema names the format and its version in every file.
const Schema = "wsmig.lint/v1"

// Severity orders findings; Info never makes lint fail.
type Severity string

// The severities, by rising weight.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Error   Severity = "error"
)

// Category tells what kind of place a finding points at.
type Category string

// The categories: where a singleton is declared, where it is used, and misuse
// that needs no singleton (an emitter kept after Close, a shared payload).
const (
	Declaration Category = "declaration"
	Use         Category = "use"
	Misuse      Category = "misuse"
)

// Role is what one use of a singleton does.
type Role string

// The roles. Other means that the evidence did not suffice, never a guess.
const (
	UserSend        Role = "user-send"
	ConnSend        Role = "conn-send"
	RoomSend        Role = "room-send"
	RoutedSend      Role = "routed-send" // the addressee is inside the message
	Broadcast       Role = "broadcast"
	Register        Role = "register"
	Unregister      Role = "unregister"
	Lifecycle       Role = "lifecycle"
	Query           Role = "query"
	Escape          Role = "escape" // stored, passed, returned or used as a value
	RoleDeclaration Role = "declaration"
	Other           Role = "other"
)

// Form is how a singleton is written.
type Form string

// The forms that lint tells apart.
const (
	OnceGetter       Form = "once-getter"
	LazyGetter       Form = "lazy-getter"
	OnceValue        Form = "once-value"
	Atomic           Form = "atomic"
	Var              Form = "var"
	Literal          Form = "literal"
	Init             Form = "init"
	SetLater         Form = "set-later"
	Map              Form = "map"
	Channels         Form = "channels"
	PackageFunctions Form = "package-functions"
	Interface        Form = "interface"
	Field            Form = "field"
	Alias            Form = "alias"
	Embedded         Form = "embedded"
	Generic          Form = "generic"
	Locator          Form = "locator"
	LastConnection   Form = "last-connection"
)

// Result is one analysis: findings in file order, the singletons they belong to,
// and an account of what was and was not read.
type Result struct {
	Schema string `json:"schema"`
	// Shard is "2/3" for the second of three parts of the packages, and empty for
	// all of them.
	Shard      string      `json:"shard,omitempty"`
	Findings   []Finding   `json:"findings"`
	Singletons []Singleton `json:"singletons"`
	Stats      Stats       `json:"stats"`
}

// Finding is one place. File is relative to the folder that the verb ran in, with
// slashes; lines and columns count from 1, columns in bytes.
type Finding struct {
	Rule      string   `json:"rule"`
	Category  Category `json:"category"`
	Severity  Severity `json:"severity"`
	Message   string   `json:"message"`
	Package   string   `json:"package"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Column    int      `json:"column"`
	EndLine   int      `json:"end_line"`
	EndColumn int      `json:"end_column"`
	Symbol    string   `json:"symbol"`    // what the code names here, for example realtime.GetManager
	Singleton string   `json:"singleton"` // package path and name of the state behind it
	Role      Role     `json:"role"`
	Addressee string   `json:"addressee"` // source text of the expression that picks the receiver, or ""
	Function  string   `json:"function"`  // enclosing function, "(*T).M" for methods, "" at package level
	// Fingerprint is stable under edits elsewhere in the file: it is made of rule,
	// package, function and normalised text, never of a line.
	Fingerprint string `json:"fingerprint"`
	Fixable     bool   `json:"fixable"`
	Reason      string `json:"reason"` // why it is not fixable, or why the role is other
	Suppressed  bool   `json:"suppressed"`
	Baseline    bool   `json:"baseline"`
	// Edits rewrite this place and leave a program that compiles, where that is
	// possible without any other file; empty otherwise, also for places that fix
	// rewrites together with others.
	Edits []Edit `json:"edits,omitempty"`
}

// Edit replaces the text from Line and Column up to EndLine and EndColumn, which
// count as in Finding. An empty range inserts.
type Edit struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line"`
	EndColumn int    `json:"end_column"`
	NewText   string `json:"new_text"`
}

// Singleton is one process-wide state through which connections of more than one
// user can be reached.
type Singleton struct {
	Package   string   `json:"package"`
	Name      string   `json:"name"`
	Accessors []string `json:"accessors"`
	Type      string   `json:"type"`
	Form      Form     `json:"form"`
	Severity  Severity `json:"severity"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	Library   string   `json:"library"` // import path of the connection type, "" when none is reachable
	// Uses counts the findings of this file that are uses of it.
	Uses map[Role]int `json:"uses"`
}

// Stats accounts for everything that was to be read.
type Stats struct {
	Packages       int             `json:"packages"`
	PackagesFailed []FailedPackage `json:"packages_failed"`
	Files          int             `json:"files"`
	FilesSkipped   []SkippedFile   `json:"files_skipped"`
	Seconds        float64         `json:"seconds"`
}

// FailedPackage is a package that could not be read or typed in full; what its
// types allowed was analysed all the same.
type FailedPackage struct {
	Package string `json:"package"`
	Error   string `json:"error"`
}

// SkippedFile is a file of a matched package that was not analysed.
type SkippedFile struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}
