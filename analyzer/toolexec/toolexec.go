// Package toolexec keeps the go command from compiling while a program is listed.
// What is in the build cache is used as it is; what is not would cost minutes to
// compile on a fresh machine, and again after every edit, while its declarations
// are read from source in a fraction of that. The go command runs its tools through
// this program, which answers what they are and refuses the compilers.
package toolexec

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

const (
	flag = "-wsmig.uncompiled"

	// Refusal is what a package says that would have had to be compiled.
	Refusal = "wsmig: left uncompiled"
)

// Command is the value of the go command's flag -toolexec for this program.
func Command(exe string) string {
	if strings.ContainsAny(exe, "'\"") {
		return "" // the go command knows no way to write both quotes
	}
	return "'" + exe + "' " + flag
}

// Recognised reports whether the arguments, without the program's name, are those
// of the go command that runs a tool through this program.
func Recognised(args []string) bool { return len(args) > 1 && args[0] == flag }

// Main refuses the compiler and the assembler unless they are only asked what they
// are, runs any other tool, and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	tool := strings.TrimSuffix(filepath.Base(args[1]), ".exe")
	if (tool == "compile" || tool == "asm") && !slices.Contains(args[2:], "-V=full") {
		fmt.Fprintln(stderr, Refusal)
		return 1
	}
	cmd := exec.Command(args[1], args[2:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(stderr, "wsmig: %v\n", err)
		return 1
	}
	return 0
}
