package matrix

import (
	"cmp"
	"go/build"
	"go/build/constraint"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// maxPlatforms bounds how often a program is read again.
const maxPlatforms = 8

// never are tags by which files say that they belong to no build.
var never = []string{"ignore", "tools", "none", "never"}

// choose finds platforms that read the files, the most frequent ones first.
func choose(cfg *driver.Config, skipped []findings.SkippedFile) []Platform {
	var left []string
	for _, s := range skipped {
		if s.Reason == "build-tag" {
			left = append(left, filepath.Join(cmp.Or(cfg.Dir, "."), filepath.FromSlash(s.File)))
		}
	}
	var out []Platform
	for len(left) > 0 && len(out) < maxPlatforms {
		name := left[0]
		left = left[1:]
		for _, p := range candidates(name) {
			if !p.reads(cfg, name) {
				continue
			}
			out = append(out, p)
			left = slices.DeleteFunc(left, func(other string) bool { return p.reads(cfg, other) })
			break
		}
	}
	return out
}

// candidates are the platforms worth trying for a file: each tag that it names, and
// all of them, on each system and architecture, its own host first.
func candidates(name string) []Platform {
	tags := tagsOf(name)
	sets := [][]string{nil}
	for _, t := range tags {
		sets = append(sets, []string{t})
	}
	if len(tags) > 1 {
		sets = append(sets, tags)
	}
	var out []Platform
	for _, arch := range append([]string{""}, architectures...) {
		for _, system := range append([]string{""}, systems...) {
			for _, set := range sets {
				out = append(out, Platform{system, arch, set})
			}
		}
	}
	return out
}

// tagsOf are the tags that a file's constraint names, without those that the go
// command sets itself.
func tagsOf(name string) []string {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	var tags []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "package ") {
			break
		}
		expr, err := constraint.Parse(line)
		if err != nil {
			continue
		}
		expr.Eval(func(tag string) bool {
			if !slices.Contains(tags, tag) && !slices.Contains(never, tag) && !ownTag(tag) {
				tags = append(tags, tag)
			}
			return false
		})
	}
	return tags
}

func ownTag(tag string) bool {
	return slices.Contains(systems, tag) || slices.Contains(architectures, tag) || strings.HasPrefix(tag, "go1.") ||
		slices.Contains([]string{"unix", "cgo", "gc", "gccgo", "race", "msan", "asan"}, tag)
}

// reads reports whether the go command would read the file for the platform.
func (p Platform) reads(cfg *driver.Config, name string) bool {
	if _, err := os.Stat(name); err != nil {
		return false
	}
	c := build.Default
	c.GOOS, c.GOARCH = cmp.Or(p.GOOS, lookup(cfg.Env, "GOOS"), runtime.GOOS), cmp.Or(p.GOARCH, lookup(cfg.Env, "GOARCH"), runtime.GOARCH)
	c.CgoEnabled = c.GOOS == runtime.GOOS && c.GOARCH == runtime.GOARCH && build.Default.CgoEnabled
	c.BuildTags = append(strings.FieldsFunc(cfg.Tags, func(r rune) bool { return r == ',' || r == ' ' }), p.Tags...)
	ok, err := c.MatchFile(filepath.Dir(name), filepath.Base(name))
	return err == nil && ok && possible(c.GOOS, c.GOARCH)
}

// possible leaves out pairs that the go command does not build.
func possible(system, arch string) bool {
	switch arch {
	case "amd64":
		return !slices.Contains([]string{"aix", "js", "wasip1"}, system)
	case "arm64":
		return slices.Contains([]string{"linux", "darwin", "windows", "freebsd", "openbsd", "netbsd", "android", "ios"}, system)
	case "386", "arm":
		return slices.Contains([]string{"linux", "windows", "freebsd", "openbsd", "netbsd"}, system)
	case "wasm":
		return system == "js" || system == "wasip1"
	case "ppc64":
		return system == "aix" || system == "linux"
	}
	return system == "linux"
}

func lookup(env []string, key string) string {
	for _, entry := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(entry, key+"="); ok {
			return value
		}
	}
	return ""
}
