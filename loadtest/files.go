package loadtest

import "github.com/wsmig/wsmig/loadtest/internal/guard"

// spareFiles is how many files a run needs beside a socket for each user: further
// connections of some users, calls, the report.
const spareFiles = 400

// enoughFiles raises the limit of open files as far as it may, and refuses a run
// that can't have as many sockets as users.
func enoughFiles(users int) error {
	need := uint64(users) + spareFiles
	if have := guard.Files(need); have < uint64(users)+spareFiles/4 {
		return mistake("raise the limit (ulimit -n), ask for fewer users, or spread them over machines with --shard",
			"%d users need %d open files, and this process may have %d", users, need, have)
	}
	return nil
}
