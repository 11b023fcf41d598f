package driver

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// Shard is part Index, from 1, of Of parts of the packages. The zero value is no
// part but the whole.
type Shard struct{ Index, Of int }

// ParseShard reads "2/3".
func ParseShard(text string) (Shard, error) {
	index, of, ok := strings.Cut(text, "/")
	i, errIndex := strconv.Atoi(index)
	n, errOf := strconv.Atoi(of)
	if !ok || errIndex != nil || errOf != nil || i < 1 || i > n || n > maxShards {
		return Shard{}, fmt.Errorf("%q is not like 2/3", text)
	}
	return Shard{i, n}, nil
}

// maxShards bounds how many parts there can be.
const maxShards = 10_000

func (s Shard) String() string {
	if s.Of == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Of)
}

// share is what a shard reads.
type share struct {
	own    map[string]bool // paths whose findings are wanted
	wanted []string        // patterns of what has to be read for them
}

const graphMode = packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
	packages.NeedModule | packages.NeedForTest

// choose lists the packages without compiling anything and picks the shard's own:
// every n-th in order of their paths. Read has to be as well what can tell something
// about them, wherever it is: packages that lead to a socket library or keep things,
// with all that those import. What an importer alone can tell is thereby known in
// every shard, so that the shards together find what one run finds.
func (s Shard) choose(ctx context.Context, cfg *Config, dir string) (*share, error) {
	if s.Of == 0 {
		return nil, nil
	}
	for _, p := range cfg.Patterns {
		if strings.HasSuffix(p, ".go") {
			return nil, &InputError{Message: p + ": shards are made of packages, not of files", Hint: "give packages, such as ./..."}
		}
	}
	roots, err := list(ctx, cfg, dir, graphMode)
	if err != nil {
		return nil, err
	}
	l := newLoader(&Program{config: cfg}, roots)
	paths := map[string]bool{}
	needed := map[string]bool{}
	for _, r := range roots {
		if testMain(r) {
			continue
		}
		paths[rootPath(r)] = true
		if l.reaches(r) || singleton.MayKeep(r.CompiledGoFiles) {
			packages.Visit([]*packages.Package{r}, nil, func(p *packages.Package) { needed[rootPath(p)] = true })
		}
	}
	out := &share{own: map[string]bool{}}
	for i, path := range sortedKeys(paths) {
		own := i%s.Of == s.Index-1
		out.own[path] = own
		if own || needed[path] {
			out.wanted = append(out.wanted, path)
		}
	}
	return out, nil
}

// rootPath is the import path by which the go command is asked for a package, tests
// under what they test.
func rootPath(p *packages.Package) string {
	if p.ForTest != "" {
		return p.ForTest
	}
	return cleanPath(p.PkgPath)
}

// mark leaves the packages of other shards without findings. It returns the roots
// that are left.
func (s *share) mark(l *loader, roots []*packages.Package) []*packages.Package {
	return slices.DeleteFunc(slices.Clone(roots), func(r *packages.Package) bool {
		if s.own[rootPath(r)] {
			return false
		}
		delete(l.roots, r.ID)
		return true
	})
}

func sortedKeys(m map[string]bool) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// Scope is what an analysis looked at.
type Scope struct {
	Packages  []string // import paths
	Files     []string // as findings name them
	Accessors []string // those of Config.Accessors that are declared there
}

func (p *Program) scope() *Scope {
	packages, files := map[string]bool{}, map[string]bool{}
	for _, pkg := range p.Packages {
		if !pkg.Root {
			continue
		}
		packages[pkg.Path] = true
		for _, name := range pkg.FileNames {
			files[p.Rel(name)] = true
		}
	}
	declared := slices.DeleteFunc(slices.Clone(p.config.Accessors), func(name string) bool { return !p.Declares(name) })
	return &Scope{sortedKeys(packages), sortedKeys(files), declared}
}
