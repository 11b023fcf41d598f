package digest

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNumbers(t *testing.T) {
	require.Equal(t, []string{"0", "999", "1,000", "4,990", "18,446,744,073,709,551,615"},
		[]string{Count(0), Count(999), Count(1000), Count(4990), Count(math.MaxUint64)})
	require.Equal(t, []string{"-", "0.5 µs", "210 µs", "999 µs", "1 ms", "2.1 ms", "1.42 ms", "1.5 s", "-", "-"},
		[]string{Micros(0), Micros(0.5), Micros(210), Micros(999.4), Micros(999.6), Micros(2100), Micros(1423), Micros(1.5e6), Micros(math.NaN()), Micros(math.Inf(1))})
	require.Equal(t, []string{"-", "512 B", "20 KiB", "1.5 MiB", "2 GiB"},
		[]string{Bytes(0), Bytes(512), Bytes(20480), Bytes(3 << 19), Bytes(2 << 30)})
	require.Equal(t, []string{"-", "0.5/s", "48,000/s", "-", "-"},
		[]string{Rate(0), Rate(0.5), Rate(48000), Rate(math.NaN()), Rate(1e300)})
	require.Equal(t, []string{"0 %", "0.61 %", "0.058 %", "12 %", "98 %", "99.98 %", "99.9999 %", "100 %", "-", "-"},
		[]string{Percent(0), Percent(0.0061), Percent(0.000579), Percent(0.12), Percent(0.98), Percent(0.9998), Percent(0.99999999), Percent(1), Percent(2), Percent(math.NaN())})
	require.Equal(t, []string{"1 leak", "2 leaks", "1,000 deliveries", "0 files"},
		[]string{Plural(1, "leak"), Plural(2, "leak"), Plural(1000, "delivery"), Plural(0, "file")})
}
