package cmd

import (
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"

	"golang.org/x/term"
)

// IO is everything that a verb gets from the process it runs in, in one value,
// so that a test can run any verb without a process. It is read-only once Main
// has parsed the global flags.
//
// Out carries the result and nothing else; Err carries everything for the eye.
type IO struct {
	In       io.Reader
	Out, Err io.Writer

	LookupEnv func(key string) (string, bool)
	Environ   func() []string

	Dir        string // absolute folder that relative paths and package patterns start from
	Executable string // path of the running binary, "" when it is not known
	Version    string

	InTerminal, OutTerminal, ErrTerminal bool
	Width                                int // columns of the terminal, 80 when there is none

	Quiet   bool // --quiet: nothing on Err but errors
	NoColor bool // --no-color, NO_COLOR or TERM=dumb
}

// OS returns the IO of the running process.
func OS() *IO {
	dir, err := os.Getwd()
	if err != nil {
		dir = "."
	}
	exe, err := os.Executable()
	if err != nil {
		exe = ""
	}
	s := &IO{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
		LookupEnv: os.LookupEnv, Environ: os.Environ,
		Dir: dir, Executable: exe, Version: version(),
		InTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		OutTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		ErrTerminal: term.IsTerminal(int(os.Stderr.Fd())),
	}
	s.Width = s.width(os.Stdout.Fd())
	return s
}

func (s *IO) width(fd uintptr) int {
	if columns, ok := s.LookupEnv("COLUMNS"); ok {
		if n, err := strconv.Atoi(columns); err == nil && n > 0 {
			return n
		}
	}
	if n, _, err := term.GetSize(int(fd)); err == nil && n > 0 {
		return n
	}
	return 80
}

// Path makes a path that the user gave absolute, as seen from Dir.
func (s *IO) Path(name string) string {
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	return filepath.Join(s.Dir, name)
}

// ColorOut reports whether the result may be coloured.
func (s *IO) ColorOut() bool { return s.OutTerminal && !s.NoColor }

// ColorErr reports whether progress and messages may be coloured.
func (s *IO) ColorErr() bool { return s.ErrTerminal && !s.NoColor }

// Progress reports whether a moving line may be drawn on Err.
func (s *IO) Progress() bool { return s.ErrTerminal && !s.Quiet }

func (s *IO) colourless() bool {
	if value, ok := s.LookupEnv("NO_COLOR"); ok && value != "" {
		return true
	}
	value, _ := s.LookupEnv("TERM")
	return value == "dumb"
}

// version is what the go command stamped into the binary: a tag for
// `go install ...@v1.2.3`, "devel" for a build from a checkout.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}
