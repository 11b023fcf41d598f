package drive

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// matcher recognises frames. A nil matcher matches nothing.
type matcher struct {
	contains []byte
	regex    *regexp.Regexp
	paths    []pathMatch
	text     *tmpl.Template // set when contains or regex is a template
	isRegex  bool
}

type pathMatch struct {
	path spec.Path
	want string
	text *tmpl.Template // set when want is a template
}

func compileMatcher(set *tmpl.Set, m *spec.Matcher) (*matcher, error) {
	if m == nil {
		return nil, nil
	}
	out := &matcher{isRegex: m.Regex != ""}
	for path, want := range m.JSON {
		parsed, err := spec.ParsePath(path)
		if err != nil {
			return nil, err
		}
		one := pathMatch{path: parsed, want: want}
		if strings.Contains(want, "{{") {
			if one.text, err = set.Compile(want, tmpl.Plain); err != nil {
				return nil, err
			}
		}
		out.paths = append(out.paths, one)
	}
	text := m.Contains + m.Regex
	if strings.Contains(text, "{{") {
		var err error
		out.text, err = set.Compile(text, tmpl.Frame)
		return out, err
	}
	return out, out.fix(text)
}

func (m *matcher) fix(text string) (err error) {
	if m.isRegex {
		m.regex, err = regexp.Compile(text)
		return err
	}
	m.contains = []byte(text)
	return nil
}

// with fills in the values of one connection.
func (m *matcher) with(v *tmpl.Values) (*matcher, error) {
	if m == nil {
		return nil, nil
	}
	if len(m.paths) > 0 {
		return m.withPaths(v)
	}
	if m.text == nil {
		return m, nil
	}
	text, err := m.text.String(v)
	if err != nil {
		return nil, err
	}
	out := &matcher{isRegex: m.isRegex}
	return out, out.fix(text)
}

func (m *matcher) withPaths(v *tmpl.Values) (*matcher, error) {
	out := &matcher{paths: make([]pathMatch, len(m.paths))}
	for i, p := range m.paths {
		if p.text != nil {
			want, err := p.text.String(v)
			if err != nil {
				return nil, err
			}
			p = pathMatch{path: p.path, want: want}
		}
		out.paths[i] = p
	}
	return out, nil
}

func (m *matcher) match(frame []byte) bool {
	switch {
	case m == nil:
		return false
	case m.regex != nil:
		return m.regex.Match(frame)
	case len(m.paths) > 0:
		for _, p := range m.paths {
			if got, ok := p.path.Find(frame); !ok || p.text != nil || p.want != "" && got != p.want {
				return false
			}
		}
		return true
	}
	return len(m.contains) > 0 && bytes.Contains(frame, m.contains)
}
