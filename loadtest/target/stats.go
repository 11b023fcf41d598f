package target

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
)

func processStats(s *Stats) {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Goroutines = runtime.NumGoroutine()
	s.HeapBytes = m.HeapAlloc
	s.RSSBytes = residentBytes()
	s.CPU = cpuTime()
}

// residentBytes reads what Linux tells; elsewhere it is 0.
func residentBytes() uint64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(data)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}
