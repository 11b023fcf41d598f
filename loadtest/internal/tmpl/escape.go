package tmpl

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"text/template/parse"
	"unicode/utf8"
)

// raw marks text that is not escaped.
type raw string

func walk(node parse.Node, visit func(parse.Node)) {
	if node == nil {
		return
	}
	switch n := node.(type) {
	case *parse.ListNode:
		if n != nil {
			for _, child := range n.Nodes {
				walk(child, visit)
			}
		}
	case *parse.ActionNode:
		walkPipe(n.Pipe, visit)
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	}
}

func walkBranch(b *parse.BranchNode, visit func(parse.Node)) {
	walkPipe(b.Pipe, visit)
	walk(b.List, visit)
	walk(b.ElseList, visit)
}

func walkPipe(pipe *parse.PipeNode, visit func(parse.Node)) {
	if pipe == nil {
		return
	}
	for _, command := range pipe.Cmds {
		visit(command)
		for _, arg := range command.Args {
			visit(arg)
			if inner, ok := arg.(*parse.PipeNode); ok {
				walkPipe(inner, visit)
			}
		}
	}
}

// escaper walks a template and appends to each action the function that escapes
// for the place that the text before it leads to. Branches are taken in order of
// writing: both sides of an if must leave off in the same place, which is how
// people write frames.
type escaper struct {
	place    Place
	json     bool // the text is one JSON value: values outside of strings are values
	inString bool
	skip     bool // the next character is escaped
	bare     bool // some value stands where nothing is known of what ends it
	seen     strings.Builder
}

func looksLikeJSON(text string) bool {
	trimmed := strings.TrimLeft(text, " \t\r\n")
	return strings.HasPrefix(trimmed, "[") || strings.HasPrefix(trimmed, "{") && !strings.HasPrefix(trimmed, "{{")
}

func (e *escaper) list(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.TextNode:
			e.text(string(n.Text))
		case *parse.ActionNode:
			if len(n.Pipe.Decl) == 0 {
				e.action(n.Pipe)
			}
		case *parse.IfNode:
			e.branch(&n.BranchNode)
		case *parse.RangeNode:
			e.branch(&n.BranchNode)
		case *parse.WithNode:
			e.branch(&n.BranchNode)
		}
	}
}

func (e *escaper) branch(b *parse.BranchNode) {
	e.list(b.List)
	e.list(b.ElseList)
}

func (e *escaper) text(text string) {
	e.seen.WriteString(text)
	for i := range len(text) {
		switch {
		case e.skip:
			e.skip = false
		case text[i] == '\\':
			e.skip = e.inString
		case text[i] == '"':
			e.inString = !e.inString
		}
	}
}

func (e *escaper) action(pipe *parse.PipeNode) {
	name := e.function()
	e.seen.WriteString("x")
	if name == "" {
		return
	}
	identifier := parse.NewIdentifier(name).SetPos(pipe.Pos)
	command := &parse.CommandNode{NodeType: parse.NodeCommand, Pos: pipe.Pos, Args: []parse.Node{identifier}}
	pipe.Cmds = append(pipe.Cmds, command)
}

func (e *escaper) function() string {
	switch e.place {
	case Frame:
		if e.inString {
			return "_string"
		}
		if e.json {
			return "_value"
		}
		e.bare = true
	case Address:
		return e.inAddress()
	case Header:
		e.bare = e.bare || e.seen.Len() > 0
		return "_header"
	case Cookie:
		return "_cookie"
	case Token:
		return "_token"
	}
	return "_plain"
}

func (e *escaper) inAddress() string {
	before := e.seen.String()
	_, after, absolute := strings.Cut(before, "://")
	switch {
	case strings.Contains(before, "?"):
		return "_query"
	case absolute && strings.Contains(after, "/"), !absolute && strings.Contains(before, "/"):
		return "_path"
	}
	return "_plain" // scheme, host: from the environment as a rule
}

func plainText(value any) string { return fmt.Sprint(value) }

// escaped wraps a function over text so that raw text passes unchanged.
func escaped(escape func(string) (string, error)) func(any) (string, error) {
	return func(value any) (string, error) {
		if text, ok := value.(raw); ok {
			return string(text), nil
		}
		return escape(plainText(value))
	}
}

func jsonString(text string) (string, error) {
	if err := Carries(Frame, text); err != nil {
		return "", err
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return "", err
	}
	quoted := strings.TrimSuffix(out.String(), "\n")
	return quoted[1 : len(quoted)-1], nil
}

// jsonValue writes what stands outside of a string: a number, true, an object are
// left as they are, anything else becomes a string, and nothing becomes null.
func jsonValue(text string) (string, error) {
	if text == "" {
		return "null", nil
	}
	if json.Valid([]byte(text)) {
		return text, nil
	}
	inner, err := jsonString(text)
	return `"` + inner + `"`, err
}

// Carries says why a place cannot carry a text unchanged; nil means it can.
func Carries(place Place, text string) error {
	switch place {
	case Frame:
		if !utf8.ValidString(text) {
			return fmt.Errorf("%q is not UTF-8, a text frame can't carry it", text)
		}
	case Header:
		if strings.TrimSpace(text) != text || strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
			return fmt.Errorf("%q has spaces at an end or control characters, a header can't carry it", text)
		}
	case Cookie:
		if strings.ContainsFunc(text, func(r rune) bool { return r <= 0x20 || r >= 0x7f || strings.ContainsRune(`",;\`, r) }) {
			return fmt.Errorf("%q has characters that a cookie can't carry", text)
		}
	case Token:
		if text == "" || strings.ContainsFunc(text, func(r rune) bool {
			return r <= 0x20 || r >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, r)
		}) {
			return fmt.Errorf("%q is not a token, a subprotocol can't carry it", text)
		}
	}
	return nil
}

func carried(place Place) func(string) (string, error) {
	return func(text string) (string, error) { return text, Carries(place, text) }
}

func always(escape func(string) string) func(string) (string, error) {
	return func(text string) (string, error) { return escape(text), nil }
}

var escapers = map[string]any{
	"_string": escaped(jsonString),
	"_value":  escaped(jsonValue),
	"_query":  escaped(always(url.QueryEscape)),
	"_path":   escaped(always(url.PathEscape)),
	"_header": escaped(carried(Header)),
	"_cookie": escaped(carried(Cookie)),
	"_token":  escaped(carried(Token)),
	"_plain":  escaped(always(func(text string) string { return text })),
}
