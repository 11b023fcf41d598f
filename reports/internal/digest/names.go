// Package digest derives from a saved load test what every report shows: the
// verdict in words, the comparison, the names behind the codes. It is pure, so
// that no two formats can disagree.
package digest

import (
	"maps"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/loadtest/history"
)

// Code is an anomaly class of the load test's checker.
type Code struct {
	ID      string // X0
	Name    string // cross-user delivery
	Meaning string // one sentence
	Leak    bool   // an event was received outside its audience
}

// CodeOf describes a code. One that this version does not know keeps its id as
// its name; the letter in front still says whether it is a leak.
func CodeOf(id string) Code {
	if code, err := history.ParseCode(id); err == nil {
		return Code{ID: id, Name: code.Words(), Meaning: meanings[code], Leak: code.Leak()}
	}
	return Code{ID: id, Name: id, Leak: strings.HasPrefix(id, "X")}
}

var meanings = map[history.Code]string{
	history.X0:  "An event for one user was delivered to another.",
	history.X1a: "An event arrived on a session that had already logged out.",
	history.X1b: "An event arrived before the server had said who the user is.",
	history.X1c: "After a re-login the socket still received events of the user before.",
	history.X1d: "An event for one session of a user arrived in another session of that user.",
	history.X2:  "A user's own event carried a field of somebody else.",
	history.X3:  "The answer to one user's request was delivered to another.",
	history.X4:  "A room event reached somebody who is not in the room.",
	history.X5:  "Another user's identity was visible where it should not be.",
	history.X6:  "What a user received changed with what another user did.",
	history.X7:  "One stuck or flooding user made the others slower.",
	history.D0:  "An event never arrived, although the end of its stream did.",
	history.D1:  "An event arrived more than once.",
	history.D2:  "An event arrived after a later one of its stream.",
	history.D3:  "A stream got nothing while others of the same user flowed.",
	history.D4:  "An event arrived after its deadline.",
	history.P0:  "A mark arrived that nobody could have made.",
	history.P1:  "A genuine mark arrived that was never sent.",
	history.P2:  "An event arrived cut short.",
	history.P3:  "An event arrived with changed bytes.",
	history.P4:  "Events of several audiences arrived in one frame.",
	history.P5:  "An event arrived under the type of another.",
	history.H:   "The load generator itself was at fault; nothing is concluded from it.",
}

// Sorted returns the codes of a count map that have a count, in report order;
// unknown ones come last.
func Sorted(anomalies map[string]uint64) []Code {
	var known, unknown []Code
	for _, code := range history.Codes() {
		if anomalies[code.String()] > 0 {
			known = append(known, CodeOf(code.String()))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(anomalies)) {
		if _, err := history.ParseCode(id); err != nil && anomalies[id] > 0 {
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
