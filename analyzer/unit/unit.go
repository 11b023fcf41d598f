// Package unit serves the go command: it speaks the protocol of go vet -vettool
// and go fix -fixtool, one package a process. A package that cannot matter is
// skipped before it is parsed, since most of the work of such a run is in the
// hundreds of dependencies that have nothing to say.
//
// Both formats of fact files are read: facts alone, and types with facts as
// golang.org/x/tools writes them since version 0.50. Types come from compiled
// export data where the go command provides it, otherwise from the fact files.
package unit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// Recognised reports whether the arguments, without the program's name, come from
// the go command rather than from a person.
func Recognised(args []string) bool {
	if len(args) == 0 {
		return false
	}
	if len(args) == 1 && (args[0] == "-V=full" || args[0] == "-flags") {
		return true
	}
	return strings.HasSuffix(args[len(args)-1], ".cfg") && (len(args) == 1 || strings.HasPrefix(args[0], "-"))
}

// Main answers the go command and returns the exit code. Diagnostics alone are no
// reason for an exit code other than 0 unless they are printed as plain text.
func Main(args []string, stdout, stderr io.Writer) int {
	var err error
	switch {
	case slices.Equal(args, []string{"-V=full"}):
		err = identify(stdout)
	case slices.Equal(args, []string{"-flags"}):
		err = describeFlags(stdout)
	default:
		return serve(args, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "wsmig: %v\n", err)
		return 1
	}
	return 0
}

// serve analyses the package of one .cfg file.
func serve(args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args)
	if err != nil {
		fmt.Fprintf(stderr, "wsmig: %v\n", err)
		return 2
	}
	cfg, err := readConfig(o.config)
	if err != nil {
		fmt.Fprintf(stderr, "wsmig: %v\n", err)
		return 1
	}
	out, done, err := redirect(cfg, stdout)
	if err != nil {
		fmt.Fprintf(stderr, "wsmig: %v\n", err)
		return 1
	}
	code, err := (&job{cfg: cfg, opts: o, stdout: out, stderr: stderr}).run()
	if err := errors.Join(err, done()); err != nil {
		if !cfg.VetxOnly {
			fmt.Fprintf(stderr, "wsmig: %v\n", err)
		}
		return 1
	}
	return code
}

// redirect opens the file that the go command collects standard output in.
func redirect(cfg *order, stdout io.Writer) (io.Writer, func() error, error) {
	if cfg.Stdout == "" {
		return stdout, func() error { return nil }, nil
	}
	f, err := os.Create(cfg.Stdout)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}
