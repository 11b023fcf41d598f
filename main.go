// Wsmig finds every process-wide WebSocket manager in a Go program, rewrites its
// uses into calls on emitters bound to one user, and proves with real users over
// real WebSockets that nobody receives what was meant for somebody else.
//
// See https://github.com/wsmig/wsmig for the manual, or run wsmig help.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/wsmig/wsmig/analyzer/toolexec"
	"github.com/wsmig/wsmig/analyzer/unit"
	"github.com/wsmig/wsmig/cmd"
)

func main() { os.Exit(run()) }

// run is all of main but the exit, so that the scripted tests start the same
// program. The go command starts it once for each package, so whether that is who
// calls is decided before anything of the command line is built.
func run() int {
	switch args := os.Args[1:]; {
	case toolexec.Recognised(args):
		return toolexec.Main(args, os.Stdin, os.Stdout, os.Stderr)
	case unit.Recognised(args):
		return unit.Main(args, os.Stdout, os.Stderr)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process where it stands
	return cmd.Main(ctx, os.Args[1:], cmd.OS())
}
