package drive

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// carries says why some channel cannot carry an id.
func (p *program) carries(id string) error {
	v := &tmpl.Values{User: map[string]string{"id": id, "token": "t"}, From: map[string]string{"id": "t"}}
	if a := p.file.Auth; a != nil && a.Login != nil && a.Login.Take != nil {
		for name := range a.Login.Take.Values {
			v.User[name] = "t"
		}
	}
	templates := slices.Concat(p.targets, p.protocols, []*tmpl.Template{p.first, p.relogin})
	for _, t := range p.targets {
		if err := segment(t, id); err != nil {
			return err
		}
	}
	for _, m := range []map[string]*tmpl.Template{p.query, p.header, p.cookie} {
		templates = slices.AppendSeq(templates, maps.Values(m))
	}
	calls := []*call{p.login}
	for _, a := range []*action{p.logout, p.revoke} {
		if a != nil {
			templates, calls = append(templates, a.frame), append(calls, a.call)
		}
	}
	for _, e := range p.emitters {
		templates, calls = append(templates, e.frame), append(calls, e.call)
	}
	for _, c := range calls {
		if c == nil {
			continue
		}
		templates = append(templates, c.templates()...)
		if err := segment(c.address, id); err != nil {
			return err
		}
	}
	for _, t := range templates {
		if err := carry(t, id, v); err != nil {
			return err
		}
	}
	return nil
}

// carry renders one template. Where an id stands bare in a protocol of which
// nothing is known, a separator in it would make the frame mean something else,
// and the server would be blamed for what it was told.
func carry(t *tmpl.Template, id string, v *tmpl.Values) error {
	if !t.Uses("user.id") {
		return nil
	}
	text, err := t.Render(v, func(uint8) string { return "c" })
	if err == nil && t.Place() == tmpl.Header && bytes.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return fmt.Errorf("%q in a header is Latin-1 to some servers and UTF-8 to others", id)
	}
	if err != nil || !t.Bare() || t.Uses("len") || !bytes.Contains(text, []byte(id)) {
		return err
	}
	if rest := strings.ReplaceAll(string(text), id, ""); strings.ContainsFunc(id, func(r rune) bool { return separates(r, rest) }) {
		return fmt.Errorf("%q has characters that may be separators where it stands without quotes", id)
	}
	return nil
}

// separates reports whether a protocol with such text around an id may take a
// character for more than a part of it.
func separates(r rune, around string) bool {
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return false
	case strings.ContainsRune("-_.@", r):
		return strings.ContainsRune(around, r)
	}
	return true
}

// segment says whether an id survives as part of a path: routers and clients clean
// paths, escaped or not.
func segment(address *tmpl.Template, id string) error {
	if !address.Uses("user.id") || !strings.ContainsAny(id, `/\\`) && strings.Trim(id, ".") != "" {
		return nil
	}
	text, err := address.Render(&tmpl.Values{User: map[string]string{"id": id}}, func(uint8) string { return "c" })
	if path, _, _ := strings.Cut(string(text), "?"); err == nil && strings.Contains(path, url.PathEscape(id)) {
		return fmt.Errorf("%q is not one segment of a path once that is cleaned", id)
	}
	return err
}
