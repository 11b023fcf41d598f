// Package digest derives from a saved load test what every report shows: the
// verdict in words, the comparison, the names behind the codes. It is pure, so
// that no two formats can disagree.
package digest

import (
	"maps"
	"slices"
	"strings"
)

// Code is an anomaly class of the load test's checker.
type Code struct {
	ID      string // X0
	Name    string // cross-user delivery
	Meaning string // one sentence
	Leak    bool   // an event was received outside its audience
}

// Codes lists the classes in the order in which reports show them: isolation,
// delivery, payload, harness.
var Codes = []Code{
	{"X0", "cross-user delivery", "An event for one user was delivered to another.", true},
	{"X1a", "delivery after logout", "An event arrived on a session that had already logged out.", true},
	{"X1b", "delivery before bind", "An event arrived before the server had said who the user is.", true},
	{"X1c", "previous user of the socket", "After a re-login the socket still received events of the user before.", true},
	{"X1d", "wrong session", "An event for one session of a user arrived in another session of that user.", true},
	{"X2", "field bleed", "A user's own event carried a field of somebody else.", true},
	{"X3", "crossed reply", "The answer to one user's request was delivered to another.", true},
	{"X4", "audience overreach", "A room event reached somebody who is not in the room.", true},
	{"X5", "identity disclosure", "Another user's identity was visible where it should not be.", true},
	{"X6", "interference", "What a user received changed with what another user did.", false},
	{"X7", "performance interference", "One stuck or flooding user made the others slower.", false},
	{"D0", "lost", "An event never arrived, although the end of its stream did.", false},
	{"D1", "duplicate", "An event arrived more than once.", false},
	{"D2", "reordered", "An event arrived after a later one of its stream.", false},
	{"D3", "starved", "A stream got nothing for too long while others flowed.", false},
	{"D4", "late", "An event arrived after its deadline.", false},
	{"P0", "forged", "A mark arrived that nobody could have made.", false},
	{"P1", "phantom", "A genuine mark arrived that was never sent.", false},
	{"P2", "truncated", "An event arrived cut short.", false},
	{"P3", "corrupted", "An event arrived with changed bytes.", false},
	{"P4", "merged", "Events of several audiences arrived in one frame.", false},
	{"P5", "mistyped", "An event arrived under the type of another.", false},
	{"H", "harness fault", "The load generator itself was at fault; nothing is concluded from it.", false},
}

// CodeOf describes a code. One that this version does not know keeps its id as
// its name; the letter in front still says whether it is a leak.
func CodeOf(id string) Code {
	for _, code := range Codes {
		if code.ID == id {
			return code
		}
	}
	if strings.HasPrefix(id, "H") {
		return Code{ID: id, Name: "harness fault", Meaning: "The load generator itself was at fault."}
	}
	return Code{ID: id, Name: id, Leak: strings.HasPrefix(id, "X")}
}

// Sorted returns the codes of a count map that have a count, in report order;
// unknown ones come last.
func Sorted(anomalies map[string]uint64) []Code {
	var known, unknown []Code
	for _, code := range Codes {
		if anomalies[code.ID] > 0 {
			known = append(known, code)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(anomalies)) {
		isID := func(c Code) bool { return c.ID == id }
		if anomalies[id] > 0 && !slices.ContainsFunc(Codes, isID) {
			unknown = append(unknown, CodeOf(id))
		}
	}
	return append(known, unknown...)
}

// Leaks counts the receipts outside their audience.
func Leaks(anomalies map[string]uint64) uint64 {
	var sum uint64
	for id, count := range anomalies {
		if CodeOf(id).Leak {
			sum += count
		}
	}
	return sum
}

var mechanisms = []string{
	"broadcast by default", "last writer wins", "check then act", "captured loop variable", "payload queued without a copy",
	"pooled buffer returned too early", "buffer returned twice", "pooled buffer not truncated", "shared encoder", "concurrent frame writers",
	"request context outlives its handler", "user id aliases a reused buffer", "unsynchronised registry", "old close unregisters the new connection", "connection id reused",
	"registry key not unique", "ids collide after normalisation", "cache key without the user", "replies shifted after a cancel", "resume without owner check",
	"evicted context reused", "failed creation not rolled back", "authorisation cached at connect", "client-supplied recipient trusted", "wrong kind of id",
	"shared worker or lock", "side channel", "subscription too wide",
}

// Mechanism names a mechanism code, M01 to M28; "" for any other.
func Mechanism(id string) string {
	for i, name := range mechanisms {
		if id == "M"+pad2(i+1) {
			return name
		}
	}
	return ""
}

func pad2(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }
