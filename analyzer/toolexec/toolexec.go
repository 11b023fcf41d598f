// Package toolexec keeps the go command from compiling while a program is listed.
// What is in the build cache is used as it is; what is not would cost minutes to
// compile on a fresh machine, and again after every edit, while its declarations
// are read from source in a fraction of that. The go command runs its tools through
// this program, which answers what they are and refuses the compilers, and cgo where
// it would have somebody else's C compiled.
package toolexec

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
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
// are, and cgo for a package that is not the user's; it runs any other tool, and
// returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if refused(args[1], args[2:]) {
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

func refused(tool string, args []string) bool {
	if slices.Contains(args, "-V=full") {
		return false
	}
	switch strings.TrimSuffix(filepath.Base(tool), ".exe") {
	case "compile", "asm":
		return true
	case "cgo":
		// After it the go command runs the C compiler itself, on all of an embedded
		// database for example. The user's own files are needed as cgo rewrites them.
		dir, err := os.Getwd()
		return err == nil && foreign(dir, tool)
	}
	return false
}

// foreign reports whether the package in dir is of the standard library, of the
// module cache or of a vendor folder; tool tells where Go is installed, in which it
// lies four folders down.
func foreign(dir, tool string) bool {
	goroot := filepath.Join(tool, "..", "..", "..", "..")
	if rel, err := filepath.Rel(filepath.Join(goroot, "src"), dir); err == nil && filepath.IsLocal(rel) {
		return true
	}
	return slices.ContainsFunc(strings.Split(filepath.ToSlash(dir), "/"), func(name string) bool {
		_, version, found := strings.Cut(name, "@")
		return name == "vendor" || found && semver.IsValid(version)
	})
}
