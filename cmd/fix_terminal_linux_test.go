package cmd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"github.com/wsmig/wsmig/analyzer/ledger"
)

// terminal opens a real one: what is typed into the first shows up at the second.
func terminal(t *testing.T) (keyboard, tty *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no terminals here: ", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	fd := int(keyboard.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	tty, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { tty.Close() })
	require.True(t, term.IsTerminal(int(tty.Fd())))
	return keyboard, tty
}

// mixed is a copy of the fixer's module with sends of several kinds.
func mixed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(filepath.FromSlash("../analyzer/fixer/testdata/mixed"))))
	sum, err := os.ReadFile(filepath.FromSlash("../go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o600))
	return dir
}

// TestInteractive answers no to the first change and yes to the rest of its
// singleton, at a terminal.
func TestInteractive(t *testing.T) {
	dir := mixed(t)
	keyboard, tty := terminal(t)
	var stdout bytes.Buffer
	s := &IO{
		In: tty, Out: &stdout, Err: tty, InTerminal: true, ErrTerminal: true,
		LookupEnv: os.LookupEnv, Environ: os.Environ, Dir: dir, Version: "devel", Width: 80,
	}
	code := make(chan int, 1)
	go func() {
		code <- Main(t.Context(), []string{"fix", "--plain", "--interactive", "--ledger", "ledger.json", "./..."}, s)
		tty.Close()
	}()
	seen := answer(keyboard, "what?\n", "n\n", "s\n")
	require.Equal(t, codeFindings, <-code, seen)
	require.Contains(t, seen, "+\tgo ws.EmitterFor(1).Send(\"hi\")")

	text, err := os.ReadFile(filepath.Join(dir, "main.go"))
	require.NoError(t, err)
	require.Contains(t, string(text), "go ws.Send(1, \"hi\")", "the first was declined")
	require.Contains(t, string(text), "_ = ws.EmitterFor(2).Route(")
	l := readLedger(t, filepath.Join(dir, "ledger.json"))
	reasons := map[ledger.Reason]int{}
	for _, site := range l.Sites {
		reasons[site.Reason]++
	}
	require.NotZero(t, reasons[ledger.NotSelected])
	require.NotZero(t, reasons[ledger.BuildTag], "special.go is no part of this build")
}

// answer types the answers, one at each question, and returns all that was shown.
func answer(keyboard io.ReadWriter, answers ...string) string {
	var seen strings.Builder
	buffer := make([]byte, 4096)
	asked := 0
	for {
		n, err := keyboard.Read(buffer)
		seen.Write(buffer[:n])
		for strings.Count(seen.String(), "[q]uit: ") > asked && asked < len(answers) {
			if _, err := io.WriteString(keyboard, answers[asked]); err != nil {
				return seen.String()
			}
			asked++
		}
		if err != nil {
			return strings.ReplaceAll(seen.String(), "\r\n", "\n")
		}
	}
}

// readLedger reads a ledger and holds it against the schema.
func readLedger(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	schema, err := os.ReadFile(filepath.FromSlash("../reports/schema/ledger.schema.json"))
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("ledger.json", document))
	compiled, err := compiler.Compile("ledger.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(value))
	var l ledger.Ledger
	require.NoError(t, json.Unmarshal(text, &l))
	return &l
}
