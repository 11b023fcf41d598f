// Package matrix analyses a program for several platforms and build tags and joins
// what was found, so that code which one build leaves out is looked at all the same.
package matrix

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// Platform is one build of the program. Empty fields are those of the host, and
// tags come in addition to those of the configuration.
type Platform struct {
	GOOS, GOARCH string
	Tags         []string
}

func (p Platform) String() string {
	text := p.GOOS
	if p.GOARCH != "" {
		text += "/" + p.GOARCH
	}
	if text == "" {
		text = "host"
	}
	return strings.Join(append([]string{text}, p.Tags...), "+")
}

// Parse reads a list such as "linux,windows/amd64,darwin+integration,+e2e".
func Parse(text string) ([]Platform, error) {
	var out []Platform
	for _, item := range strings.Split(text, ",") {
		words := strings.Split(strings.TrimSpace(item), "+")
		system, arch, _ := strings.Cut(words[0], "/")
		if system == "host" {
			system = ""
		}
		p := Platform{GOOS: system, GOARCH: arch, Tags: words[1:]}
		if system == "" && arch == "" && len(p.Tags) == 0 && words[0] != "host" || slices.Contains(p.Tags, "") {
			return nil, fmt.Errorf("%q: an item is like linux, windows/amd64 or linux+tag", item)
		}
		if system != "" && !slices.Contains(systems, system) {
			return nil, fmt.Errorf("%q: no GOOS is called %s", item, system)
		}
		if arch != "" && !slices.Contains(architectures, arch) {
			return nil, fmt.Errorf("%q: no GOARCH is called %s", item, arch)
		}
		out = append(out, p)
	}
	return out, nil
}

var systems = []string{
	"linux", "darwin", "windows", "freebsd", "openbsd", "netbsd", "dragonfly", "solaris", "illumos", "aix", "android", "ios", "js", "wasip1", "plan9",
}

var architectures = []string{
	"amd64", "arm64", "386", "arm", "wasm", "riscv64", "ppc64", "ppc64le", "s390x", "loong64", "mips", "mipsle", "mips64", "mips64le",
}

// config is the configuration for one platform.
func (p Platform) config(c *driver.Config) *driver.Config {
	out := *c
	out.Env = slices.Clone(c.Env)
	if out.Env == nil {
		out.Env = os.Environ()
	}
	if p.GOOS != "" {
		out.Env = append(out.Env, "GOOS="+p.GOOS)
	}
	if p.GOARCH != "" {
		out.Env = append(out.Env, "GOARCH="+p.GOARCH)
	}
	if len(p.Tags) > 0 {
		out.Tags = strings.Join(append(strings.FieldsFunc(c.Tags, func(r rune) bool { return r == ',' || r == ' ' }), p.Tags...), ",")
	}
	return &out
}

// Lint analyses the program for each of the platforms; without any, for the host
// and then for as few as read every file that the host's build leaves out for a
// constraint that some build can meet.
func Lint(ctx context.Context, cfg *driver.Config, platforms []Platform) (*findings.Result, *driver.Scope, error) {
	chosen := len(platforms) == 0
	if chosen {
		platforms = []Platform{{}}
	}
	j := newJoin()
	for i := 0; i < len(platforms); i++ {
		r, scope, err := driver.LintPackages(ctx, platforms[i].config(cfg))
		var input *driver.InputError
		switch {
		case err != nil && chosen && i > 0 && errors.As(err, &input):
			j.result.Stats.PackagesFailed = append(j.result.Stats.PackagesFailed, findings.FailedPackage{Package: platforms[i].String(), Error: input.Message})
			continue
		case err != nil:
			return nil, nil, err
		}
		if chosen && i == 0 {
			platforms = append(platforms, choose(cfg, r.Stats.FilesSkipped)...)
		}
		j.add(platforms[i], r, scope)
	}
	return j.finish()
}
