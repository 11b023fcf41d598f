package plan

import "strings"

// Slots is the number of connections that a plan opens for one user at most.
const Slots = slots

// OddIDs lists ids that are different users and become equal, or contain each
// other, once somebody folds case, trims, normalises, decodes, parses, cuts or
// joins. like is an ordinary id of the run, which some of them resemble.
func OddIDs(like string) []string {
	ids := []string{
		"alice", "Alice", "ALICE", "alice ", " alice", "alice\t", "al", "alicea",
		"alice\u200b", "\uff41lice", "\u0430lice", "jos\u00e9", "jose\u0301", "JOS\u00c9", "stra\u00dfe", "strasse",
		"i", "\u0131", "I", "\u0130", "\u212a1", "k1",
		"7", "007", "07", "7.0", "+7", "0x7", "1", "10", "100", "01",
		"a:b", "a", "a-b", "a_b", "a.b", "a/b", "a|b", "a b", "a,b", "a;b",
		"%61lice", "alice%20", "alice+", "a%3Ab", "../alice", "alice/", "alice#x", "alice?x=1", "alice&user=al",
		"null", "undefined", "None", "0", "false", "system",
		"al\"ice", "al'ice", "al\\ice",
		"jane@example.com", "Jane@example.com", "jane+tag@example.com", "jane",
		strings.Repeat("x", 64), strings.Repeat("x", 64) + "y", strings.Repeat("x", 64) + "z",
		strings.Repeat("x", 31) + "y", strings.Repeat("x", 31) + "z", strings.Repeat("x", 31),
		strings.ToUpper(like), like + " ", like + "0", like + "1",
	}
	seen := map[string]bool{like: true}
	out := ids[:0]
	for _, id := range ids {
		if !seen[id] && id != "" {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}
