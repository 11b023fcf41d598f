// Package cmd is the command line of wsmig: one file per verb, flags in, result
// out. It is the only package that knows about processes: everything from os
// arrives in an [IO], errors become one line and an exit code here and nowhere
// else.
package cmd

import (
	"context"
	"fmt"
)

// Main runs wsmig with the arguments after the program's name and returns the
// exit code. A cancelled ctx ends any verb in an orderly way.
func Main(ctx context.Context, args []string, s *IO) int {
	root := newRoot(s)
	checkBuiltins(root)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		fmt.Fprintf(s.Err, "wsmig: %s\n", oneLine(err.Error()))
	}
	return codeOf(err)
}
