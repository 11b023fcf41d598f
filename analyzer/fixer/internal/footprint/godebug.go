package footprint

import (
	"slices"
	"strings"
)

// godebug lists the GODEBUG settings whose default changes for the programs of
// the module with its go line, as "name=old" where old is what held so far.
func (r *resolver) godebug() ([]string, error) {
	const format = "{{.DefaultGODEBUG}}"
	before, err := r.goOutput([]string{"GOWORK=off"}, "list", "-e", "-f", format, "./...")
	if err != nil {
		return nil, err
	}
	after, err := r.goOutput([]string{"GOWORK=off"}, "list", "-e", "-mod=mod", "-modfile="+r.scratchMod(), "-f", format, "./...")
	if err != nil {
		return nil, err
	}
	kept := settings(string(after))
	var changed []string
	for _, setting := range settings(string(before)) {
		if !slices.Contains(kept, setting) {
			changed = append(changed, setting)
		}
	}
	return changed, nil
}

func settings(text string) []string {
	all := strings.FieldsFunc(text, func(c rune) bool { return c == ',' || c == '\n' })
	slices.Sort(all)
	return slices.Compact(all)
}
