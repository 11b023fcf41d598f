//go:build unix

package guard

import "golang.org/x/sys/unix"

// Files makes room for so many open files, sockets among them, and returns how many
// there may be. Raising the limit over what the system set needs rights that few
// have; what is possible is done.
func Files(need uint64) (have uint64) {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return need // unknown: a failure will show
	}
	if limit.Cur >= need {
		return limit.Cur
	}
	for _, try := range []unix.Rlimit{{Cur: need, Max: max(need, limit.Max)}, {Cur: limit.Max, Max: limit.Max}} {
		if unix.Setrlimit(unix.RLIMIT_NOFILE, &try) == nil {
			return try.Cur
		}
	}
	return limit.Cur
}
