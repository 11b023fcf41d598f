package compat

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Site is a place in the program that still calls a deprecated method.
type Site struct {
	File     string
	Line     int
	Function string // the calling function
	Method   string // the deprecated method that it calls
	Calls    uint64
}

type place struct {
	file   string
	line   int
	method string
}

var (
	sitesMu sync.Mutex
	sites   = make(map[place]*Site)
	strict  atomic.Bool
)

// Sites lists the call sites of deprecated methods that have run, with their counts, by file and line.
func Sites() []Site {
	sitesMu.Lock()
	defer sitesMu.Unlock()
	var all []Site
	for _, s := range sites {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Site) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), strings.Compare(a.Method, b.Method))
	})
	return all
}

// ResetSites forgets all sites, for tests; each warns again.
func ResetSites() {
	sitesMu.Lock()
	defer sitesMu.Unlock()
	clear(sites)
}

// Strict makes every call of a deprecated method panic, or stops that, and returns what was set before. Without it
// WSMIG_STRICT=1 does the same, but only under go test: a variable that is left set must not stop a server.
func Strict(on bool) (before bool) { return strict.Swap(on) }

func strictNow() bool {
	return strict.Load() || testing.Testing() && os.Getenv("WSMIG_STRICT") == "1"
}

// record counts the call if it came through a deprecated method. Code that go fix has migrated calls what that method
// calls, from its own package: it is not counted.
func record(inner string) {
	var pcs [4]uintptr
	n := goruntime.Callers(2, pcs[:]) // record's caller is the first
	frames := goruntime.CallersFrames(pcs[:n])
	frames.Next()
	outer, more := frames.Next()
	method, deprecated := deprecatedMethod(outer.Function)
	if !deprecated || !more {
		return
	}
	caller, _ := frames.Next()
	s, first := count(place{caller.File, caller.Line, method}, caller.Function)
	if strictNow() {
		panic(fmt.Sprintf("wsmig: strict: %s called at %s:%d", method, s.File, s.Line))
	}
	if first {
		slog.Warn("wsmig: deprecated call through runtime/compat", "method", method, "site", fmt.Sprintf("%s:%d", s.File, s.Line), "function", s.Function, "instead", inner)
	}
}

const methodPrefix = "github.com/wsmig/wsmig/runtime/compat.(*Manager)."

// deprecatedMethod tells the methods of deprecated.go from everything else that may call in.
func deprecatedMethod(function string) (string, bool) {
	name, ok := strings.CutPrefix(function, methodPrefix)
	if !ok {
		return "", false
	}
	return name, slices.Contains(deprecatedNames, name)
}

var deprecatedNames = []string{"SendToUser", "Broadcast", "Connect", "Register", "Disconnect", "Unregister", "IsConnected", "ConnectedUsers", "Shutdown"}

func count(p place, function string) (Site, bool) {
	sitesMu.Lock()
	defer sitesMu.Unlock()
	s, known := sites[p]
	if !known {
		s = &Site{File: p.file, Line: p.line, Function: function, Method: p.method}
		sites[p] = s
	}
	s.Calls++
	return *s, !known
}
