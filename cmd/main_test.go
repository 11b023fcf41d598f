package cmd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// run executes wsmig in a folder as a user would, without a process.
func run(t *testing.T, dir string, args ...string) (code int, out, errOut string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	s := &IO{
		In: bytes.NewReader(nil), Out: &stdout, Err: &stderr,
		LookupEnv: os.LookupEnv, Environ: os.Environ,
		Dir: dir, Version: "devel", Width: 80,
	}
	code = Main(t.Context(), args, s)
	return code, stdout.String(), stderr.String()
}

func TestBadInputIsOneLineWithAHint(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"unknown command":       {[]string{"versoin"}, "wsmig: unknown command \"versoin\"; did you mean version?\n"},
		"no command near":       {[]string{"frobnicate"}, "wsmig: unknown command \"frobnicate\"; wsmig help lists the commands\n"},
		"unknown flag":          {[]string{"version", "--quite"}, "wsmig: unknown flag: --quite; did you mean --quiet?\n"},
		"flag like no other":    {[]string{"version", "--bogus"}, "wsmig: unknown flag: --bogus; wsmig version --help lists the flags\n"},
		"unknown short flag":    {[]string{"version", "-Z"}, "wsmig: unknown shorthand flag: 'Z' in -Z; wsmig version --help lists the flags\n"},
		"not a number":          {[]string{"loadtest", "--users", "x"}, "wsmig: --users x: not a whole number, or several with commas between them; wsmig loadtest --help lists the flags\n"},
		"not a seed":            {[]string{"loadtest", "--seed", "-1"}, "wsmig: --seed -1: not a whole number; wsmig loadtest --help lists the flags\n"},
		"not a duration":        {[]string{"loadtest", "-d", "5"}, "wsmig: --duration 5: not a duration such as 500ms, 10s or 2m; wsmig loadtest --help lists the flags\n"},
		"help on no command":    {[]string{"help", "lnt"}, "wsmig: unknown command \"lnt\"; did you mean lint?\n"},
		"help on no subcommand": {[]string{"help", "lint", "now"}, "wsmig: no command \"lint now\"; wsmig lint --help lists its flags\n"},
		"no such shell":         {[]string{"completion", "bsh"}, "wsmig: unknown command \"bsh\"; did you mean bash?\n"},
		"version of something":  {[]string{"version", "go"}, "wsmig: wsmig version takes no arguments, and was given go; wsmig version --help\n"},
		"loadtest of something": {[]string{"loadtest", "wonderful"}, "wsmig: unexpected argument \"wonderful\"; wsmig loadtest --help lists what it takes\n"},
		"probe into nowhere":    {[]string{"loadtest", "probe", "ws://127.0.0.1:1/ws", "-o", "no/such.yaml"}, "wsmig: -o no/such.yaml can't be written: no such file or directory; give a file in a folder that exists\n"},
		"folder that is absent": {[]string{"-C", "nowhere", "version"}, "wsmig: -C nowhere: no such folder; give a folder that exists\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, out, errOut := run(t, t.TempDir(), test.args...)
			require.Equal(t, codeUsage, code)
			require.Empty(t, out)
			require.Equal(t, test.want, errOut)
		})
	}
}

func TestChdirRefusesAFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/f", nil, 0o600))
	code, _, errOut := run(t, dir, "-C", "f", "version")
	require.Equal(t, codeUsage, code)
	require.Contains(t, errOut, "not a folder")
}

func TestVersionGoesToStandardOutput(t *testing.T) {
	code, out, errOut := run(t, t.TempDir(), "version")
	require.Zero(t, code)
	require.Regexp(t, `^wsmig devel go1\.\d+`, out)
	require.Empty(t, errOut)
}

func TestExitCodeOfErrors(t *testing.T) {
	cause := errors.New("cause")
	require.Equal(t, 0, codeOf(nil))
	require.NoError(t, exit(0))
	require.Equal(t, 3, codeOf(exit(3)))
	require.Equal(t, 2, codeOf(usage(cause, "")))
	require.Equal(t, 1, codeOf(fmt.Errorf("wrapped: %w", failed(cause, ""))))
	require.Equal(t, 130, codeOf(context.Canceled))
	require.Equal(t, 2, codeOf(cause))
	require.ErrorIs(t, failed(cause, "hint"), cause)
	require.Equal(t, "cause; hint", failed(cause, "hint").Error())
}

func TestColourNeedsATerminalAndConsent(t *testing.T) {
	env := func(values map[string]string) func(string) (string, bool) {
		return func(k string) (string, bool) { v, ok := values[k]; return v, ok }
	}
	s := &IO{LookupEnv: env(nil), OutTerminal: true, ErrTerminal: true}
	require.True(t, s.ColorOut())
	require.True(t, s.Progress())
	s.Quiet = true
	require.False(t, s.Progress())
	for _, values := range []map[string]string{{"NO_COLOR": "1"}, {"TERM": "dumb"}} {
		s := &IO{LookupEnv: env(values)}
		require.True(t, s.colourless(), values)
	}
	require.False(t, (&IO{LookupEnv: env(map[string]string{"NO_COLOR": ""})}).colourless())
}
