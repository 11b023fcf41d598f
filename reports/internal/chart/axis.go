package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
)

// users lists the users of runs in their natural order. Only users who leaked are
// named in a result; the others are filled in where names follow the usual
// pattern, and counted in hidden where they don't. The first usual ones are the
// users of the plan, the rest are ids that a schedule made up.
func users(runs []*result.Run) (names []string, usual, hidden int) {
	seen := map[string]bool{}
	total, some := 0, false
	for _, r := range runs {
		total = max(total, min(r.Users, maxUsers))
	}
	for _, r := range runs {
		for _, c := range r.Matrix {
			for _, name := range []string{c.Owner, c.Receiver} {
				seen[name] = true
				some = some || isUsual(name, total)
			}
		}
	}
	fill := some || len(seen) == 0
	for i := 1; fill && i <= total; i++ {
		seen[userName(i)] = true
	}
	for name := range seen {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if x, y := isUsual(a, total), isUsual(b, total); x != y {
			return map[bool]int{true: -1, false: 1}[x]
		}
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	for usual < len(names) && isUsual(names[usual], total) {
		usual++
	}
	return names, usual, max(0, total-len(names))
}

// isUsual reports whether name is one of the first total users of a plan, and not
// an id that a schedule made up to collide with one.
func isUsual(name string, total int) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(name, "u"))
	return err == nil && n >= 1 && n <= total && name == userName(n)
}

func userName(n int) string { return fmt.Sprintf("u%05d", n) }

// maxUsers keeps a malformed file from asking for a matrix without end.
const maxUsers = 20_000

// ticks returns round values that cover 0 to top in at most n steps.
func ticks(top float64, n int) []float64 {
	if !(top > 0) || math.IsInf(top, 0) {
		return []float64{0, 1}
	}
	step := math.Pow(10, math.Floor(math.Log10(top/float64(n))))
	for _, factor := range []float64{1, 2, 5, 10} {
		if top/(step*factor) <= float64(n) {
			step *= factor
			break
		}
	}
	var out []float64
	for i := range int(math.Ceil(top/step*(1-1e-9))) + 1 {
		out = append(out, float64(i)*step)
	}
	return out
}

// logTicks returns 1, 2 and 5 times powers of ten from below lo to above hi, or
// powers of ten alone where those would be too many.
func logTicks(lo, hi float64) []float64 {
	for _, factors := range [][]float64{{1, 2, 5}, {1}} {
		var out []float64
		for power := math.Floor(math.Log10(lo)); power <= math.Ceil(math.Log10(hi)); power++ {
			for _, factor := range factors {
				out = append(out, factor*math.Pow(10, power))
			}
		}
		for len(out) > 2 && out[1] <= lo {
			out = out[1:]
		}
		for len(out) > 2 && out[len(out)-2] >= hi {
			out = out[:len(out)-1]
		}
		if len(out) <= 10 || len(factors) == 1 {
			return out
		}
	}
	return nil
}
