// Package tmpl turns the templates of a load test's configuration into bytes.
// Values are escaped for the place where they stand: inside a JSON string, as a
// part of an address, in a header. Canaries are filled in last, so that a frame
// is rendered once and then costs a copy for each event.
package tmpl

import (
	"bytes"
	"fmt"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
)

// Place says where a template's text stands.
type Place int

// The places. Plain is for what is encoded as a whole afterwards: JSON leaves,
// query and form values.
const (
	Plain Place = iota
	Frame
	Address
	Header
	Cookie
	Token // a subprotocol
)

// Values is what a template may name. Nil maps are fine; strings are empty until
// known.
type Values struct {
	User, From map[string]string // the addressee, and on whose connection it is sent
	Device     string
	Session    string
	Epoch      string
	Since      string
	Room       string
	ID         string // of a request
}

func (v *Values) root(frame *state) map[string]any {
	root := map[string]any{
		"user": v.User, "from": v.From, "device": v.Device, "session": v.Session, "epoch": v.Epoch,
		"since": v.Since, "room": v.Room, "id": v.ID, stateKey: frame,
	}
	for name, value := range v.User {
		if _, taken := root[name]; !taken {
			root[name] = value // what a login took stands at the top as well
		}
	}
	return root
}

// Set compiles templates that share functions, named fields and secrets. Compile
// everything before the first Render; after that a Set is safe for concurrent
// use.
type Set struct {
	fields  []string
	secrets map[string]string
	now     func() time.Time
}

// NewSet returns a Set whose env function knows the secrets given and no other
// variable.
func NewSet(secrets map[string]string, now func() time.Time) *Set {
	return &Set{secrets: secrets, now: now}
}

// FieldName returns the name that a canary's field number stands for, "" for the
// event itself.
func (s *Set) FieldName(field uint8) string {
	if field < 1 || int(field) > len(s.fields) {
		return ""
	}
	return s.fields[field-1]
}

const maxFields = 29

func (s *Set) field(name string) (uint8, error) {
	if name == "" {
		return canary.FieldMain, nil
	}
	for i, known := range s.fields {
		if known == name {
			return uint8(i + 1), nil
		}
	}
	if len(s.fields) == maxFields {
		return 0, fmt.Errorf("canary %q: more than %d named fields", name, maxFields)
	}
	s.fields = append(s.fields, name)
	return uint8(len(s.fields)), nil
}

// Template is a compiled template.
type Template struct {
	set      *Set
	text     string
	parsed   *template.Template // nil for text without actions
	place    Place
	volatile bool // what it renders depends on the time
	bare     bool // see Bare
	uses     map[string]bool
}

// Compile parses text for a place. Names of values are checked when it is first
// rendered, since the columns of a CSV file are names too.
func (s *Set) Compile(text string, place Place) (*Template, error) {
	t := &Template{set: s, text: text, place: place, uses: map[string]bool{}}
	if !strings.Contains(text, "{{") {
		return t, nil
	}
	parsed, err := template.New("template").Option("missingkey=error").Funcs(s.functions()).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s", brief(err))
	}
	t.parsed = parsed
	if err := t.collect(parsed.Tree.Root); err != nil {
		return nil, err
	}
	e := &escaper{place: place, json: looksLikeJSON(text)}
	e.list(parsed.Tree.Root)
	t.bare = e.bare
	return t, nil
}

// brief drops the prefix that the template library puts before its messages.
func brief(err error) string {
	message := err.Error()
	for _, prefix := range []string{"template: template:", "template: "} {
		message = strings.TrimPrefix(message, prefix)
	}
	return "template " + message
}

// Uses reports whether the template names a value (user, room, id, device, ...)
// or calls a function.
func (t *Template) Uses(name string) bool { return t != nil && t.uses[name] }

// Bare reports whether a value stands in it as it is, in a text whose syntax is
// not known: neither JSON nor in quotes, nor a whole header.
func (t *Template) Bare() bool { return t != nil && t.bare }

// Place is what the template was compiled for.
func (t *Template) Place() Place { return t.place }

// Text is the template as written.
func (t *Template) Text() string { return t.text }

// collect notes what a template uses, numbers its named fields and hands its
// canary calls the state of the rendering.
func (t *Template) collect(node parse.Node) error {
	var failed error
	walk(node, func(n parse.Node) {
		switch n := n.(type) {
		case *parse.FieldNode:
			t.uses[strings.Join(n.Ident, ".")] = true
			t.uses[n.Ident[0]] = true
		case *parse.IdentifierNode:
			t.uses[n.Ident] = true
			t.volatile = t.volatile || n.Ident == "now" || n.Ident == "in"
		case *parse.CommandNode:
			if err := t.bindCanary(n); err != nil && failed == nil {
				failed = err
			}
		}
	})
	return failed
}

func (t *Template) bindCanary(n *parse.CommandNode) error {
	name, ok := n.Args[0].(*parse.IdentifierNode)
	if !ok || name.Ident != "canary" {
		return nil
	}
	for _, arg := range n.Args[1:] {
		text, ok := arg.(*parse.StringNode)
		if !ok || len(n.Args) > 2 {
			return fmt.Errorf("canary takes at most one field name in quotes")
		}
		if _, err := t.set.field(text.Text); err != nil {
			return err
		}
	}
	root := &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: []string{"$", stateKey}}
	n.Args = append([]parse.Node{name, root}, n.Args[1:]...)
	return nil
}

// Render executes the template; canaries are minted by mint.
func (t *Template) Render(v *Values, mint Mint) ([]byte, error) {
	if t.parsed == nil {
		return []byte(t.text), nil
	}
	var out bytes.Buffer
	if err := t.parsed.Execute(&out, v.root(&state{mint: mint})); err != nil {
		return nil, fmt.Errorf("%s", brief(err))
	}
	return out.Bytes(), nil
}

// String is Render for text without a canary.
func (t *Template) String(v *Values) (string, error) {
	text, err := t.Render(v, nil)
	return string(text), err
}
