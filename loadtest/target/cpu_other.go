//go:build !unix

package target

import "time"

// cpuTime is not known here.
func cpuTime() time.Duration { return 0 }
