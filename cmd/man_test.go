package cmd

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestManShowsEveryFlag(t *testing.T) {
	for _, c := range visible(newRoot(&IO{LookupEnv: os.LookupEnv})) {
		page := string(manual(c, "v1.2.3"))
		require.Contains(t, page, ".SH NAME\n"+roff(pageName(c)))
		require.Contains(t, page, `"wsmig v1.2.3"`)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				require.Contains(t, page, roff("--"+f.Name), c.CommandPath())
			}
		})
	}
}

func TestManKeepsWhatRoffWouldEat(t *testing.T) {
	c := &cobra.Command{Use: "x", Long: ".dot\n'quote\nback\\slash -C", Run: func(*cobra.Command, []string) {}}
	page := string(manual(c, ""))
	require.Contains(t, page, ".nf\n\\&.dot\n\\&'quote\nback\\eslash \\-C\n.fi\n")
}

func TestManCommand(t *testing.T) {
	dir := t.TempDir()
	code, out, _ := run(t, dir, "man", "loadtest", "probe")
	require.Zero(t, code)
	require.Contains(t, out, `.TH "WSMIG-LOADTEST-PROBE" 1`)

	code, out, errOut := run(t, dir, "man", "--dir", "pages")
	require.Zero(t, code)
	require.Empty(t, out+errOut)
	for _, c := range visible(newRoot(&IO{LookupEnv: os.LookupEnv})) {
		require.FileExists(t, filepath.Join(dir, "pages", pageName(c)+".1"))
	}

	code, _, errOut = run(t, dir, "man", "loadtest", "serve")
	require.Equal(t, codeUsage, code, "what help hides has no page")
	require.Contains(t, errOut, "wsmig help lists the commands")
	code, _, _ = run(t, dir, "man", "--dir", "pages", "lint")
	require.Equal(t, codeUsage, code)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	code, _, errOut = run(t, dir, "man", "--dir", "file/below")
	require.Equal(t, codeFailed, code)
	require.Contains(t, errOut, "give a folder that can be written")
}
