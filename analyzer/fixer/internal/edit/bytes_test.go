package edit

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestUntouchedBytesStay: marks and endings of a file, and the lines that no edit
// names, are the same afterwards whatever form they are in.
func TestUntouchedBytesStay(t *testing.T) {
	const plain = "package p\n\nimport \"fmt\"\n\nfunc f()   {  fmt.Println(  1 ) }\n\nfunc g() { old() }\n"
	for name, src := range map[string]string{
		"unformatted":      plain,
		"byte order mark":  "\ufeff" + plain,
		"no final newline": strings.TrimSuffix(plain, "\n"),
		"crlf":             strings.ReplaceAll(plain, "\n", "\r\n"),
		"mixed endings":    strings.Replace(plain, "\n", "\r\n", 2),
		"form feed":        strings.Replace(plain, "func g", "\f\nfunc g", 1),
	} {
		t.Run(name, func(t *testing.T) {
			at := strings.Index(src, "old()")
			after, err := Apply([]byte(src), []Edit{{at, at + 3, "renewed"}})
			require.NoError(t, err)
			add, err := AddImport(after, "log", "")
			require.NoError(t, err)
			after, err = Apply(after, add)
			require.NoError(t, err)
			got := string(Format([]byte(src), after))
			require.Contains(t, got, "func f()   {  fmt.Println(  1 ) }")
			require.Contains(t, got, "renewed()")
			require.Contains(t, got, `"log"`)
			require.Equal(t, strings.HasPrefix(src, "\ufeff"), strings.HasPrefix(got, "\ufeff"))
			require.Equal(t, strings.HasSuffix(src, "\n"), strings.HasSuffix(got, "\n"))
			require.Equal(t, strings.HasSuffix(src, "\r\n"), strings.HasSuffix(got, "\r\n"))
			if name == "crlf" {
				require.Equal(t, strings.Count(got, "\n"), strings.Count(got, "\r\n"))
			}
		})
	}
}
