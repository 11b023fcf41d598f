package digest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Count writes a whole number with commas between thousands.
func Count(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, digit := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(digit)
	}
	return b.String()
}

// Micros writes a duration given in microseconds, in the unit that suits it;
// "-" where nothing was measured.
func Micros(us float64) string {
	switch {
	case !(us > 0) || math.IsInf(us, 0):
		return "-"
	case us < 999.5:
		return digits(us) + " µs"
	case us < 999_500:
		return digits(us/1e3) + " ms"
	}
	return digits(us/1e6) + " s"
}

// Bytes writes a size in binary units; "-" where nothing was measured.
func Bytes(n uint64) string {
	switch value := float64(n); {
	case n == 0:
		return "-"
	case value < 1<<10:
		return digits(value) + " B"
	case value < 1<<20:
		return digits(value/(1<<10)) + " KiB"
	case value < 1<<30:
		return digits(value/(1<<20)) + " MiB"
	default:
		return digits(value/(1<<30)) + " GiB"
	}
}

// Rate writes events per second; "-" where nothing was measured.
func Rate(perSecond float64) string {
	if !(perSecond > 0) || perSecond > math.MaxInt64 {
		return "-"
	}
	if perSecond < 100 {
		return digits(perSecond) + "/s"
	}
	return Count(uint64(math.Round(perSecond))) + "/s"
}

// Percent writes a share between 0 and 1 with two significant digits. Shares
// near one keep their distance from it, so that 99.99 % never reads as 100.
func Percent(share float64) string {
	switch {
	case math.IsNaN(share) || share < 0 || share > 1:
		return "-"
	case share == 0 || share == 1:
		return fmt.Sprintf("%.0f %%", share*100)
	case share > 0.99:
		return trimZeros(strconv.FormatFloat(math.Min(math.Floor(share*1e6)/1e4, 99.9999), 'f', 4, 64)) + " %"
	}
	return plainFloat(share*100, 2) + " %"
}

// digits writes three significant digits, whole numbers from 100 on.
func digits(value float64) string {
	if value >= 99.95 {
		return strconv.FormatFloat(math.Round(value), 'f', -1, 64)
	}
	return plainFloat(value, 3)
}

func plainFloat(value float64, significant int) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', significant, 64), 64)
	if err != nil {
		return "-"
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}

func trimZeros(text string) string { return strings.TrimSuffix(strings.TrimRight(text, "0"), ".") }

// Plural puts a count and its noun together: "1 leak", "2 leaks".
func Plural(n uint64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "y") {
		return Count(n) + " " + strings.TrimSuffix(noun, "y") + "ies"
	}
	return Count(n) + " " + noun + "s"
}
