// Package suppress reads the comments by which people silence findings:
//
//	//wsmig:ignore RULE reason
//	//nolint:wsmig // reason
//
// A comment on a line of its own speaks for the next line, any other for its own.
// The reason is mandatory for wsmig:ignore, and one that silences nothing is a
// finding itself, so that exceptions don't outlive what they excused.
package suppress

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// Rule is the name under which the comments themselves are found wanting.
const Rule = "ignore"

const marker = "//wsmig:ignore"

// Problem is a comment that is malformed or silences nothing.
type Problem struct {
	Pos, End token.Pos
	Message  string
}

// Node is syntax that stands for a problem, to take a fingerprint of.
func Node(message string) ast.Node {
	return &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(message)}
}

// directive is one comment.
type directive struct {
	pos, end token.Pos
	rules    []string // empty means every rule
	strict   bool     // reported when unused
	used     bool
}

// Index holds the comments of some files. It is not safe for concurrent use.
type Index struct {
	fset     *token.FileSet
	lines    map[place][]*directive
	all      []*directive
	problems []Problem
}

type place struct {
	file string
	line int
}

// New reads the comments of the files. Rules are the names that a comment may give.
func New(fset *token.FileSet, files []*ast.File, rules []string) *Index {
	x := &Index{fset: fset, lines: map[place][]*directive{}}
	for _, file := range files {
		code := codeLines(fset, file)
		for _, group := range file.Comments {
			for _, c := range group.List {
				x.read(c, code, rules)
			}
		}
	}
	return x
}

// codeLines are the lines on which something other than a comment begins or ends.
func codeLines(fset *token.FileSet, file *ast.File) map[int]bool {
	lines := map[int]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.Comment, *ast.CommentGroup, *ast.File:
			return n != nil
		}
		lines[fset.Position(n.Pos()).Line] = true
		lines[fset.Position(n.End()).Line] = true
		return true
	})
	return lines
}

func (x *Index) read(c *ast.Comment, code map[int]bool, rules []string) {
	d := &directive{pos: c.Pos(), end: c.End()}
	switch {
	case c.Text == marker || strings.HasPrefix(c.Text, marker+" "):
		if !x.ignore(d, strings.TrimPrefix(c.Text, marker), rules) {
			return
		}
	case strings.HasPrefix(c.Text, "//nolint"):
		if !nolint(strings.TrimPrefix(c.Text, "//nolint")) {
			return
		}
	default:
		return
	}
	at := x.fset.Position(c.Pos())
	line := at.Line
	if !code[line] {
		line = x.fset.Position(c.End()).Line + 1
	}
	key := place{at.Filename, line}
	x.lines[key] = append(x.lines[key], d)
	x.all = append(x.all, d)
}

// ignore parses the rules and the reason of a wsmig:ignore.
func (x *Index) ignore(d *directive, text string, rules []string) bool {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		x.complain(d, marker+" needs a rule and a reason")
		return false
	}
	d.rules, d.strict = strings.Split(fields[0], ","), true
	for _, r := range d.rules {
		if !slices.Contains(rules, r) {
			x.complain(d, marker+": no rule is called "+r)
			return false
		}
	}
	if len(fields) == 1 {
		x.complain(d, marker+" "+fields[0]+" needs a reason")
		return false
	}
	return true
}

func (x *Index) complain(d *directive, message string) {
	x.problems = append(x.problems, Problem{d.pos, d.end, message})
}

// nolint reports whether what follows //nolint concerns wsmig.
func nolint(rest string) bool {
	list, found := strings.CutPrefix(rest, ":")
	if !found {
		return rest == "" || rest[0] == ' ' || rest[0] == '\t'
	}
	list, _, _ = strings.Cut(list, " ")
	list, _, _ = strings.Cut(list, "//")
	return slices.ContainsFunc(strings.Split(list, ","), func(s string) bool { s = strings.TrimSpace(s); return s == "wsmig" || s == "all" })
}

// Silences reports whether a comment silences the rule at pos, and remembers that
// it was of use.
func (x *Index) Silences(rule string, pos token.Pos) bool {
	at := x.fset.Position(pos)
	silenced := false
	for _, d := range x.lines[place{at.Filename, at.Line}] {
		if len(d.rules) == 0 || slices.Contains(d.rules, rule) {
			d.used, silenced = true, true
		}
	}
	return silenced
}

// Problems lists malformed comments and, once every finding has been asked about,
// those that silenced nothing.
func (x *Index) Problems() []Problem {
	out := slices.Clone(x.problems)
	for _, d := range x.all {
		if d.strict && !d.used {
			out = append(out, Problem{d.pos, d.end, marker + " " + strings.Join(d.rules, ",") + " silences nothing: remove it"})
		}
	}
	slices.SortFunc(out, func(a, b Problem) int { return int(a.Pos - b.Pos) })
	return out
}
