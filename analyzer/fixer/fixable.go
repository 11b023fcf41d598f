package fixer

import (
	"context"
	"go/token"
	"path/filepath"
	"strings"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/bind"
	"github.com/wsmig/wsmig/analyzer/fixer/compat"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

// Fixable judges an analysed program as a run of fix would, as far as that can be
// told without type-checking the result: a place is fixable when there is an edit
// that binds it. It fits driver.Config.
func Fixable(ctx context.Context, p *driver.Program) (func(rule string, at token.Position) (fixable bool, reason string), error) {
	none := func(rule string, _ token.Position) (bool, string) { return false, byHand[rule] }
	if !anythingToFix(p) {
		return none, nil
	}
	e, err := engineOf(ctx, p)
	if err != nil {
		return nil, err
	}
	w, err := e.survey()
	if err != nil {
		return nil, err
	}
	sites := map[spot]*site{}
	for _, s := range w.sites {
		sites[spot{s.at.Filename, s.at.Offset}] = s
	}
	e.noteLayer()
	layer := ledger.Reason("")
	var why string
	if len(e.layer) > 0 {
		layer, why = e.layerObstacle()
	}
	return func(rule string, at token.Position) (bool, string) {
		switch s := sites[spot{at.Filename, at.Offset}]; {
		case rule == "singleton" && s != nil && s.group != nil:
			return true, ""
		case rule == "singleton" && s != nil && s.status != "":
			return false, words(s.reason, s.hint)
		case rule == "compat" && layer == "":
			return true, ""
		case rule == "compat":
			return false, words(layer, why)
		}
		return none(rule, at)
	}, nil
}

// byHand says why findings of a rule have no edit of their own.
var byHand = map[string]string{
	"singleton":     "declaration: fix works on its uses",
	"widecast":      "only on request, where the manager has a send for one user: wsmig fix --widecast",
	"lastwriter":    "by hand: who owns the connection is a decision",
	"sharedpayload": "by hand: whether to copy or to wait is a decision",
	"emitterscope":  "by hand: where the emitter belongs is a decision",
	"secondhub":     "by hand: which of them stays is a decision",
}

func words(reason ledger.Reason, hint string) string {
	if hint == "" {
		return string(reason)
	}
	return string(reason) + ": " + hint
}

// anythingToFix keeps code without a manager from costing more than a look.
func anythingToFix(p *driver.Program) bool {
	users := compat.Users{}
	for _, pkg := range p.Packages {
		if pkg.Result != nil {
			for _, s := range pkg.Result.Sites {
				if _, addressed := bind.KindOf(s.Role); addressed || s.Role == "escape" {
					return true
				}
			}
		}
		if pkg.Types != nil && users.Know(pkg.Types) {
			return true
		}
	}
	return false
}

// engineOf is an engine on a program that was loaded already, with all that its
// patterns match selected.
func engineOf(ctx context.Context, p *driver.Program) (*engine, error) {
	e, err := newEngine(ctx, &Options{Dir: p.Dir(), Env: p.Env()})
	if err != nil {
		return nil, err
	}
	e.program, e.selected = p, map[string]bool{}
	for _, pkg := range p.Packages {
		for _, name := range pkg.FileNames {
			if strings.HasSuffix(name, ".go") && pkg.Root {
				e.selected[filepath.Dir(name)] = true
			}
		}
	}
	for _, failed := range p.Failed {
		e.broken[failed.Package] = failed.Error
	}
	return e, nil
}
