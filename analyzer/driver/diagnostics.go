package driver

import (
	"go/token"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/fingerprint"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// categories tells what kind of place the analyzers beside singleton point at.
var categories = map[string]findings.Category{
	"lastwriter": findings.Misuse, "widecast": findings.Misuse, "sharedpayload": findings.Misuse, "emitterscope": findings.Misuse,
	"compat": findings.Use, "secondhub": findings.Declaration,
}

// diagnostics adds what the analyzers beside singleton reported. Their messages end
// in the rule and the role, as the go command needs it, and start with "info: "
// when they only inform.
func (c *collection) diagnostics(pkg *Package) {
	for _, d := range pkg.Diagnostics {
		rule := d.Analyzer.Name
		category, ok := categories[rule]
		at := c.program.Position(d.Pos)
		if !ok || !c.first(rule, at, d.Message) {
			continue
		}
		f := c.finding(pkg, span{d.Pos, d.End}, at)
		f.Rule, f.Category, f.Severity = rule, category, findings.Warning
		f.Message, f.Role = splitRole(d.Message, rule)
		if text, info := strings.CutPrefix(f.Message, "info: "); info {
			f.Message, f.Severity = text, findings.Info
		}
		node, function := fingerprint.Around(pkg.Files, d.Pos, d.End)
		f.Function = function
		c.put(f, node, d.Pos)
	}
}

// span is a place without syntax of its own.
type span struct{ pos, end token.Pos }

func (s span) Pos() token.Pos { return s.pos }

func (s span) End() token.Pos {
	if s.end.IsValid() {
		return s.end
	}
	return s.pos
}

// splitRole takes "(rule, role)" off the end of a message.
func splitRole(message, rule string) (string, findings.Role) {
	text, role, ok := strings.Cut(message, " ("+rule+", ")
	if !ok || !strings.HasSuffix(role, ")") {
		return strings.TrimSuffix(message, " ("+rule+")"), ""
	}
	return text, findings.Role(strings.TrimSuffix(role, ")"))
}

// complaints adds what is wrong with the comments that silence findings.
func (c *collection) complaints() {
	for _, pkg := range c.program.Packages {
		for _, file := range pkg.Files {
			x := c.comments[c.program.Fset.Position(file.FileStart).Filename]
			if !pkg.Root || x == nil {
				continue
			}
			for _, p := range x.Problems() {
				at := c.program.Position(p.Pos)
				if !c.first(suppress.Rule, at, p.Message) {
					continue
				}
				f := c.finding(pkg, span{p.Pos, p.End}, at)
				f.Rule, f.Category, f.Severity, f.Message = suppress.Rule, findings.Misuse, findings.Warning, p.Message
				c.put(f, suppress.Node(p.Message), p.Pos)
			}
		}
	}
}
