package edit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func apply(t require.TestingT, src string, edits ...Edit) string {
	out, err := Apply([]byte(src), edits)
	require.NoError(t, err)
	return string(out)
}

func TestApply(t *testing.T) {
	const src = "one two three"
	require.Equal(t, "1 two 3!", apply(t, src, Edit{8, 13, "3"}, Edit{0, 3, "1"}, Edit{13, 13, "!"}))
	require.Equal(t, "one  three", apply(t, src, Edit{4, 7, ""}, Edit{4, 7, ""}), "the same edit twice is one")
	require.Equal(t, "one AB two three", apply(t, src, Edit{4, 4, "A"}, Edit{4, 4, "B "}), "insertions keep their order")
}

func TestApplyRefusesOverlap(t *testing.T) {
	_, err := Apply([]byte("abcdef"), []Edit{{0, 3, "x"}, {2, 4, "y"}})
	var conflict *ConflictError
	require.ErrorAs(t, err, &conflict)
	require.True(t, Overlap(conflict.First, conflict.Second))
	require.False(t, Overlap(Edit{0, 3, "x"}, Edit{3, 4, "y"}))
	_, err = Apply([]byte("abc"), []Edit{{2, 9, ""}})
	require.Error(t, err)
}

func TestApplyTakesTheLineEndingsOfTheFile(t *testing.T) {
	require.Equal(t, "a\r\nx\r\ny\r\nb\r\n", apply(t, "a\r\nb\r\n", Edit{3, 3, "x\ny\n"}))
	require.Equal(t, "a\nx\nb\r\n", apply(t, "a\nb\r\n", Edit{2, 2, "x\n"}))
}

func TestApplyChangesNothingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.String().Draw(t, "src")
		cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, len(src)), 0, 6, rapid.ID).Draw(t, "cuts")
		var edits []Edit
		for _, at := range cuts {
			edits = append(edits, Edit{at, at, "<+>"})
		}
		out := apply(t, src, edits...)
		require.Equal(t, strings.ReplaceAll(src, "<+>", ""), strings.ReplaceAll(out, "<+>", ""))
		require.Len(t, out, len(src)+3*len(cuts))
	})
}

func TestFormatOnlyWhatWasInForm(t *testing.T) {
	const tidy = "package p\n\nvar (\n\ta   = 1 // one\n\tbcd = 2 // two\n)\n"
	const edited = "package p\n\nvar (\n\ta   = 1 // one\n\tbcd = 200 // two\n)\n"
	const want = "package p\n\nvar (\n\ta   = 1   // one\n\tbcd = 200 // two\n)\n"
	crlf := func(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }
	require.Equal(t, want, string(Format([]byte(tidy), []byte(edited))))
	require.Equal(t, string(crlf(want)), string(Format(crlf(tidy), crlf(edited))))
	require.Equal(t, edited, string(Format([]byte(edited), []byte(edited))), "a file out of form stays out of form")
	mixed := strings.Replace(tidy, "\n", "\r\n", 1)
	require.Equal(t, edited, string(Format([]byte(mixed), []byte(edited))), "mixed endings stay mixed")
	require.Equal(t, "package", string(Format([]byte(tidy), []byte("package"))))
}

func TestRemoveAssignmentBlanksOneOfSeveral(t *testing.T) {
	for src, want := range map[string]string{
		"\tif all, ok := m[k]; ok {\n\t}\n": "\tif _, ok := m[k]; ok {\n\t}\n",
		"\tall, _ := f()\n":                 "\tall, _ := f()\n",
		"\tall := get()\n":                  "",
		"\tall := get(1)\n":                 "\tall := get(1)\n",
	} {
		text := func(body string) string { return "package p\n\nfunc _() {\n" + body + "}\n" }
		require.Equal(t, text(want), apply(t, text(src), RemoveAssignment([]byte(text(src)), strings.Index(text(src), "all"))...))
	}
}
