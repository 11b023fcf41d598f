package baseline

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
)

func result(prints ...string) *findings.Result {
	r := &findings.Result{}
	for _, p := range prints {
		r.Findings = append(r.Findings, findings.Finding{Rule: "singleton", Severity: findings.Warning, Package: "p", Fingerprint: p})
	}
	return r
}

func same(file string) string { return file }

func of(pkg string) func(*Entry) bool { return func(e *Entry) bool { return e.Package == pkg } }

func TestAcceptsAsManyAsItCounts(t *testing.T) {
	f := Of(result("a", "a", "b"), same)
	r := result("a", "a", "a", "c")
	stale := f.Apply(r, of("p"))
	var accepted []bool
	for _, x := range r.Findings {
		accepted = append(accepted, x.Baseline)
	}
	require.Equal(t, []bool{true, true, false, false}, accepted)
	require.Len(t, stale, 1)
	require.Equal(t, "b", stale[0].Fingerprint)
	require.Empty(t, Of(result("b"), same).Apply(result(), of("other")), "a package that was not looked at is not stale")
}

func TestInformationIsNotKept(t *testing.T) {
	r := result("a", "b")
	r.Findings[0].Severity = findings.Info
	r.Findings[1].Suppressed = true
	require.Empty(t, Of(r, same).Entries)
}

func TestGrows(t *testing.T) {
	require.Zero(t, Of(result("a", "a", "b"), same).Grows(Of(result("a"), same)))
	require.Equal(t, 2, Of(result("a"), same).Grows(Of(result("a", "a", "b"), same)))
}

func TestFilesComeBackAsWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), Name)
	f, err := Load(name)
	require.NoError(t, err)
	require.Nil(t, f)
	require.NoError(t, Of(result("a", "b"), same).Write(name))
	f, err = Load(name)
	require.NoError(t, err)
	require.Equal(t, Of(result("a", "b"), same), f)
	for _, text := range []string{"", "{}", `{"schema":"wsmig.baseline/v1","entries":[],"extra":1}`, `{"schema":"wsmig.baseline/v1","entries":[]} more`, `{"schema":"wsmig.baseline/v1","entries":[{"fingerprint":"a","count":0}]}`} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		_, err = Load(name)
		var format *FormatError
		require.ErrorAs(t, err, &format)
	}
}

func TestWhatWasNotLookedAtIsKept(t *testing.T) {
	old, next := Of(result("a", "b"), same), Of(result("c"), same)
	next.Keep(old, of("other"))
	require.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1}, next.Counts())
	next = Of(result("c"), same)
	next.Keep(old, of("p"))
	require.Equal(t, map[string]int{"c": 1}, next.Counts())
}
