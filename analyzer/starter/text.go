package starter

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
)

const head = `# yaml-language-server: $schema=https://raw.githubusercontent.com/wsmig/wsmig/main/reports/schema/config.schema.json
#
# What the code alone can't tell wsmig. This file was made by wsmig init and says what
# lint finds out by itself: take out what is none of your concern, mend what is wrong.

`

const tail = `
# Connection types beside those of the known libraries.
# connections:
#   - example.com/app/net.Socket

# A rule's severity: info (never fails), warning, error or off.
# severities:
#   widecast: error

# Files to leave out, as seen from here.
# exclude:
#   - internal/legacy/...
#   - "*_gen.go"
`

// draft is the file before it is known whether its settings may be in force.
type draft struct {
	result    *findings.Result
	functions []function
	live      bool
}

func (d *draft) text() []byte {
	var b strings.Builder
	b.WriteString(head)
	d.accessors(&b)
	d.roles(&b)
	b.WriteString(tail)
	return []byte(b.String())
}

// accessors lists the managers. Those that only inform stay comments: in force, they
// would count.
func (d *draft) accessors(b *strings.Builder) {
	b.WriteString("# Process-wide managers: functions that return one, or the variables.\n")
	counts := slices.ContainsFunc(d.result.Singletons, func(s findings.Singleton) bool { return s.Severity != findings.Info })
	d.line(b, counts && d.live, "accessors:")
	if len(d.result.Singletons) == 0 {
		b.WriteString("#   - example.com/app/ws.GetManager\n")
	}
	for _, s := range d.result.Singletons {
		fmt.Fprintf(b, "  # %s of %s, %s:%d: %s\n", s.Form, library(s), s.File, s.Line, uses(s))
		if s.Severity == findings.Info {
			b.WriteString("  # informational; without the # it counts:\n")
		}
		d.line(b, s.Severity != findings.Info && d.live, "  - "+s.Package+"."+accessor(s))
	}
}

func library(s findings.Singleton) string {
	if s.Library == "" {
		return "no known library"
	}
	return s.Library
}

// accessor is the name by which a manager is declared.
func accessor(s findings.Singleton) string {
	for _, name := range s.Accessors {
		if strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "get") {
			return name
		}
	}
	return s.Name
}

func uses(s findings.Singleton) string {
	var words []string
	for _, role := range slices.Sorted(maps.Keys(s.Uses)) {
		words = append(words, fmt.Sprintf("%d %s", s.Uses[role], role))
	}
	if len(words) == 0 {
		return "no uses"
	}
	return strings.Join(words, ", ")
}

// roles lists what sends to whom.
func (d *draft) roles(b *strings.Builder) {
	b.WriteString("\n# What functions do, and the number of the parameter that picks the receiver.\n")
	d.line(b, len(d.functions) > 0 && d.live, "roles:")
	if len(d.functions) == 0 {
		b.WriteString("#   example.com/app/ws.(Manager).Push: {role: user-send, addressee: 2}\n")
	}
	for _, f := range d.functions {
		comment := ""
		if f.parameter != "" {
			comment = " # " + f.parameter
		}
		d.line(b, d.live, fmt.Sprintf("  %q: {role: %s, addressee: %d}%s", f.name, f.role, f.addressee, comment))
	}
}

// line writes a setting, or a comment of it.
func (d *draft) line(b *strings.Builder, live bool, text string) {
	if !live {
		text = "# " + text
	}
	b.WriteString(text + "\n")
}
