package driver_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// variants is a module in which the tests of package id make the go command build
// package hub anew: hub imports id, and id's external test imports both. It needs the
// types of the two to fit, with what id's own tests add.
func variants(t *testing.T) string {
	t.Helper()
	return fixture(t, map[string]string{
		"id/id.go":         "package id\n\ntype User string\n",
		"id/inner_test.go": "package id\n\nfunc Some() User { return \"u\" }\n",
		"id/outer_test.go": "package id_test\n\nimport (\n\t\"testing\"\n\n\t\"example.com/app/hub\"\n\t\"example.com/app/id\"\n)\n\n" +
			"func TestSend(*testing.T) {\n\tto := id.Some()\n\thub.Send(to, 1)\n\tb := []byte(to)\n\thub.Queue(b)\n\tb[0] = 'x'\n}\n",
		"hub/hub.go": "package hub\n\nimport (\n\t\"example.com/app/id\"\n\t\"github.com/gorilla/websocket\"\n)\n\n" +
			"var conns = map[id.User]*websocket.Conn{}\n\ntype Box struct{ Owner id.User }\n\nfunc (b *Box) Fill() { var unused int }\n\n" +
			"func Send(to id.User, v any) { conns[to].WriteJSON(v) }\n\nvar queue = make(chan []byte, 16)\n\nfunc Queue(b []byte) { queue <- b }\n\n" +
			"func Run() {\n\tfor b := range queue {\n\t\tfor _, c := range conns {\n\t\t\tc.WriteMessage(1, b)\n\t\t}\n\t}\n}\n",
	})
}

func TestIntermediateVariantsAreTypedOnly(t *testing.T) {
	p, err := driver.Load(t.Context(), &driver.Config{Dir: variants(t), Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.Len(t, p.Intermediate, 1)
	hub := p.Intermediate[0]
	require.Equal(t, "example.com/app/hub [example.com/app/id.test]", hub.ID)
	require.Nil(t, hub.Info)
	require.Empty(t, hub.Errors, "the unused variable is the original's to report")
	require.NotContains(t, p.Packages, hub)
	require.Len(t, p.All(), len(p.Packages)+1)

	plain := p.ByPath("example.com/app/hub")
	require.Len(t, plain, 1)
	require.NotEqual(t, plain[0].Types, hub.Types)
	for _, name := range []string{"Send", "Box"} {
		require.Equal(t, plain[0].Types.Scope().Lookup(name), driver.Original(p, hub.Types.Scope().Lookup(name)))
		require.Equal(t, plain[0].Types.Scope().Lookup(name), driver.Original(p, plain[0].Types.Scope().Lookup(name)))
	}
	require.Nil(t, driver.Original(p, nil))
}

// TestTestsOfOtherPackagesAreAnalysed: what is known of hub holds for the variant that
// the external test of id sees.
func TestTestsOfOtherPackagesAreAnalysed(t *testing.T) {
	r := lint(t, &driver.Config{Dir: variants(t)})
	require.Len(t, r.Stats.PackagesFailed, 1, "hub itself, for its unused variable: %v", r.Stats.PackagesFailed)
	require.Equal(t, "example.com/app/hub", r.Stats.PackagesFailed[0].Package)
	var uses []findings.Finding
	payloads := 0 // told by facts on functions, the others by facts on packages
	for _, f := range r.Findings {
		switch {
		case f.File != "id/outer_test.go":
		case f.Rule == "singleton" && f.Role == findings.UserSend:
			uses = append(uses, f)
		case f.Rule == "sharedpayload":
			payloads++
		}
	}
	require.Len(t, uses, 1)
	require.Equal(t, "to", uses[0].Addressee)
	require.Equal(t, 1, payloads)
}
