package singleton

import (
	"go/types"
	"sort"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// located makes the managers that come from a service locator of another module
// singletons. They have no variable: the type stands for it.
func (f *finder) located() {
	calls := f.p.Located()
	names := make([]string, 0, len(calls))
	for name := range calls {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		dot := strings.LastIndex(name, ".")
		named := f.p.TypeNamed(name[:dot], name[dot+1:])
		if named == nil {
			continue
		}
		tr := f.traitOf(named)
		if tr == nil {
			continue
		}
		s := &Singleton{ID: name, Package: name[:dot], Name: name[dot+1:], Library: tr.library, Form: findings.Locator, Named: named}
		s.Type = types.TypeString(types.NewPointer(named), func(p *types.Package) string { return p.Name() })
		s.Severity, s.Reason = tr.judge()
		s = f.know(s).Singleton
		if call := calls[name]; call != nil {
			s.Node = call
			f.result.Singletons = append(f.result.Singletons, s)
		}
	}
}
