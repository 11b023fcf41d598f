package driver_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// near is called by its own package, far by another one.
const (
	near = "package near\n\ntype jobs struct{ m map[string]func(at string) }\n\nvar near = &jobs{m: map[string]func(string){}}\n\n" +
		"func (j *jobs) add(name string, run func(string)) { j.m[name] = run }\n\nfunc (j *jobs) remove(name string) { delete(j.m, name) }\n\nfunc (j *jobs) fire(name, at string) { j.m[name](at) }\n\n" +
		"func Add(name string, run func(string)) { near.add(name, run) }\n\nfunc Remove(name string) { near.remove(name) }\n\nfunc Fire(name, at string) { near.fire(name, at) }\n"
	far = "package far\n\ntype Entry struct{ run func(arg string) error }\n\nfunc (e *Entry) Run(arg string) error { return e.run(arg) }\n\nvar far = map[string]*Entry{}\n\n" +
		"func Add(name string, run func(string) error) { far[name] = &Entry{run: run} }\n\nfunc Remove(name string) { delete(far, name) }\n\nfunc Find(name string) *Entry { return far[name] }\n"
)

// tables lints two registries of functions, one that is called by its own package and
// one that only another package calls, so that it is known a round later; key is what
// their entries are registered under.
func tables(t *testing.T, key string) (found []string) {
	t.Helper()
	dir := fixture(t, map[string]string{
		"near/near.go":   near,
		"far/far.go":     far,
		"call/call.go":   "package call\n\nimport \"example.com/app/far\"\n\nfunc Do(name, arg string) error { return far.Find(name).Run(arg) }\n",
		"serve/serve.go": fmt.Sprintf("package serve\n\nimport (\n\t\"example.com/app/far\"\n\t\"example.com/app/near\"\n)\n\nfunc run(string) error { return nil }\n\nfunc Start(id string) {\n\tfar.Add(%[1]s, run)\n\tnear.Add(%[1]s, func(string) {})\n}\n", key),
	})
	for _, s := range lint(t, &driver.Config{Dir: dir}).Singletons {
		found = append(found, s.Name)
	}
	slices.Sort(found)
	return found
}

// TestTablesOfCommandsAreNoManagers: where the program spells out the keys, what is
// called under them are commands and no users. That is not forgotten when a later
// round no longer sees it.
func TestTablesOfCommandsAreNoManagers(t *testing.T) {
	require.Equal(t, []string{"far", "near"}, tables(t, "id"))
	require.Empty(t, tables(t, `"help"`))
}
