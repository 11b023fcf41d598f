package config

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
	"github.com/goccy/go-yaml"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

var unknownField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`unknown field "([^"]*)"`) })

// plain is one line of what the parser says: where, what, and the key that was
// probably meant.
func plain(err error) string {
	var y yaml.Error
	if !errors.As(err, &y) {
		return err.Error()
	}
	message, line, column := y.GetMessage(), 0, 0
	if token := y.GetToken(); token != nil && token.Position != nil {
		line, column = token.Position.Line, token.Position.Column
	}
	if m := unknownField().FindStringSubmatch(message); m != nil {
		known := keys(reflect.TypeFor[Config]())
		if column > 1 {
			known = keys(reflect.TypeFor[Role]())
		}
		message = fmt.Sprintf("unknown key %s%s", m[1], nearest(m[1], known))
	}
	if line == 0 {
		return message
	}
	return fmt.Sprintf("line %d: %s", line, message)
}

// keys are the names that a struct has in the file.
func keys(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ","); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// nearest says which of the known words was meant, or lists them all.
func nearest[S ~string](word string, known []S) string {
	if hint := meant(word, known); hint != "" {
		return hint
	}
	all := make([]string, len(known))
	for i, k := range known {
		all[i] = string(k)
	}
	return "; there are " + strings.Join(all, ", ")
}

// meant is the known word that was probably meant, or nothing.
func meant[S ~string](word string, known []S) string {
	best, distance := "", max(2, (len(word)+1)/3)
	for _, k := range known {
		d := levenshtein.ComputeDistance(word, string(k))
		if len(word) > 2 && strings.HasPrefix(string(k), word) {
			d = 1
		}
		if d <= distance && (best == "" || d < distance) {
			best, distance = string(k), d
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + best + "?"
}

var roleNames = []findings.Role{
	findings.UserSend, findings.ConnSend, findings.RoomSend, findings.RoutedSend, findings.Broadcast, findings.Register,
	findings.Unregister, findings.Lifecycle, findings.Query, findings.Escape, findings.Other,
}

var severityNames = []string{string(findings.Info), string(findings.Warning), string(findings.Error), Off}

func (c *Config) check(rules []string) error {
	rules = append(slices.Clone(rules), suppress.Rule)
	for _, rule := range sorted(c.Severities) {
		if !slices.Contains(rules, rule) {
			return fmt.Errorf("severities: no rule is called %s%s", rule, nearest(rule, rules))
		}
		if severity := c.Severities[rule]; !slices.Contains(severityNames, severity) {
			return fmt.Errorf("severities: %s: %q is none of info, warning, error, off%s", rule, severity, meant(severity, severityNames))
		}
	}
	for _, name := range sorted(c.Roles) {
		r := c.Roles[name]
		if !slices.Contains(roleNames, r.Role) {
			return fmt.Errorf("roles: %s: no role is called %q%s", name, r.Role, nearest(string(r.Role), roleNames))
		}
		if r.Addressee < 0 {
			return fmt.Errorf("roles: %s: addressee counts parameters from 1", name)
		}
	}
	return c.checkNames()
}

func (c *Config) checkNames() error {
	for key, list := range map[string][]string{"connections": c.Connections, "accessors": c.Accessors, "roles": sorted(c.Roles)} {
		for _, name := range list {
			if !qualified(name) {
				return fmt.Errorf("%s: %q: write it with its import path, such as example.com/app/ws.GetManager", key, name)
			}
		}
	}
	for _, pattern := range c.Exclude {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("exclude: %s: %w", pattern, err)
		}
	}
	return nil
}

// qualified reports whether a name says which package it is in.
func qualified(name string) bool {
	last := name[strings.LastIndex(name, "/")+1:]
	pkg, rest, ok := strings.Cut(last, ".")
	return ok && pkg != "" && rest != "" && !strings.ContainsAny(name, " \t")
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
