// Package config reads .wsmig.yaml: what the code alone cannot tell the analyzers.
package config

import (
	"bytes"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// Name is the file that is looked for, from the folder at hand upward.
const Name = ".wsmig.yaml"

// names are the spellings that are read, the first of a folder.
var names = []string{Name, ".wsmig.yml"}

// Config is the contents of the file. The zero value changes nothing.
type Config struct {
	// Connections are further connection types, "path.Type".
	Connections []string `yaml:"connections,omitempty"`
	// Accessors are functions "path.Func" and variables "path.Var" that are
	// process-wide managers whatever their types say.
	Accessors []string `yaml:"accessors,omitempty"`
	// Rooms replaces the parts of words that tell a room from a user with several
	// connections; they only break ties.
	Rooms []string `yaml:"rooms,omitempty"`
	// Severities gives rules another severity: info, warning, error or off.
	Severities map[string]string `yaml:"severities,omitempty"`
	// Roles gives uses of a function or method, "path.Func" or "path.(Type).Method",
	// another role, and names the parameter that picks the receiver.
	Roles map[string]Role `yaml:"roles,omitempty"`
	// Exclude leaves out files by pattern, relative to the folder of the file;
	// "dir/..." is everything below dir, and a pattern without a slash is a file's
	// name in any folder.
	Exclude []string `yaml:"exclude,omitempty"`

	dir string
}

// Role overrides what is inferred of one function.
type Role struct {
	Role findings.Role `yaml:"role"`
	// Addressee is the number of the parameter that picks the receiver, from 1.
	Addressee int `yaml:"addressee,omitempty"`
}

// Error is a configuration file that cannot be used.
type Error struct {
	Name string
	Err  error
}

func (e *Error) Error() string {
	text := e.Err.Error()
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return e.Name + ": " + line
}

func (e *Error) Unwrap() error { return e.Err }

// Off is the severity of a rule that is not wanted.
const Off = "off"

// Load reads the file for a folder. Without one it is an empty configuration. The
// error is an *Error.
func Load(dir string, rules []string) (*Config, error) {
	name := Find(dir)
	if name == "" {
		return &Config{dir: dir}, nil
	}
	return read(name, rules)
}

func read(name string, rules []string) (*Config, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, &Error{name, err}
	}
	c, err := Parse(data, rules)
	if err != nil {
		return nil, &Error{name, err}
	}
	c.dir = filepath.Dir(name)
	return c, nil
}

// Parse reads a configuration; keys and values that mean nothing are errors.
func Parse(data []byte, rules []string) (*Config, error) {
	c := new(Config)
	if len(bytes.TrimSpace(data)) > 0 {
		if err := yaml.UnmarshalWithOptions(data, c, yaml.Strict()); err != nil && !onlyComments(data) {
			return nil, errors.New(plain(err))
		}
	}
	return c, c.check(rules)
}

func onlyComments(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			return false
		}
	}
	return true
}

// At makes the patterns of Exclude relative to a folder, for settings that are not
// from a file.
func (c *Config) At(dir string) *Config {
	at := *c
	at.dir = dir
	return &at
}

// Excludes reports whether the file, by absolute path, is left out.
func (c *Config) Excludes(name string) bool {
	rel, err := filepath.Rel(c.dir, name)
	if err != nil {
		return false
	}
	rel = filepath.ToSlash(rel)
	for _, pattern := range c.Exclude {
		if dir, ok := below(pattern); ok && (dir == "." || rel == dir || strings.HasPrefix(rel, dir+"/")) {
			return true
		}
		subject := rel
		if !strings.Contains(pattern, "/") {
			subject = path.Base(rel)
		}
		if ok, _ := path.Match(strings.TrimPrefix(pattern, "./"), subject); ok {
			return true
		}
	}
	return false
}

// below is the folder of a pattern that stands for everything in it.
func below(pattern string) (string, bool) {
	for _, end := range []string{"/...", "/**", "/"} {
		if dir, ok := strings.CutSuffix(pattern, end); ok {
			return path.Clean(dir), true
		}
	}
	return "", false
}

// Severity is the severity that the file gives to a finding of a rule; informational
// findings stay so.
func (c *Config) Severity(rule string, inferred findings.Severity) findings.Severity {
	if s, ok := c.Severities[rule]; ok && s != Off && inferred != findings.Info {
		return findings.Severity(s)
	}
	return inferred
}

// Wants reports whether findings of a rule are wanted.
func (c *Config) Wants(rule string) bool { return c.Severities[rule] != Off }

// Options are the settings as the singleton analyzer takes them.
func (c *Config) Options() *singleton.Options {
	o := &singleton.Options{}
	if c == nil {
		return o
	}
	o.Accessors, o.Conns, o.Rooms = slices.Clone(c.Accessors), slices.Clone(c.Connections), c.Rooms
	o.Roles = map[string]singleton.Override{}
	for name, r := range c.Roles {
		o.Roles[name] = singleton.Override{Role: r.Role, Addressee: r.Addressee}
	}
	return o
}
