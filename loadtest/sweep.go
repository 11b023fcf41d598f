package loadtest

import (
	"math"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
)

// point is what a sweep over numbers of users keeps of one of them.
func (s *session) point(r *history.Report) result.SweepPoint {
	leaks := r.Counts.Leaks()
	judged := r.Delivered + leaks
	out := result.SweepPoint{Users: s.users, LeakHigh: history.UpperBound(leaks, judged, oneSide)}
	if judged > 0 {
		out.LeakRate = float64(leaks) / float64(judged)
		out.LeakLow = 1 - history.UpperBound(judged-leaks, judged, oneSide)
	}
	f := &s.figures
	if f.idle != nil && f.all != nil && f.all.RSSBytes > f.idle.RSSBytes {
		out.RSSBytes = f.all.RSSBytes - f.idle.RSSBytes
	}
	if f.all == nil || f.busy == nil || f.busy.CPU <= f.all.CPU {
		return out
	}
	used := float64((f.busy.CPU - f.all.CPU).Microseconds())
	if n := r.Delivered - s.connected; r.Delivered > s.connected {
		out.CPUMicrosPerEvent = used / float64(n)
	}
	if seconds := s.loaded.Seconds(); seconds > 0 {
		out.CPUMicrosPerSecond = used / seconds
	}
	return out
}

// oneSide is the confidence of each of two limits that hold together at 95 %.
const oneSide = 0.975

// measures of a sweep.
var measures = []struct {
	name string
	of   func(*result.SweepPoint) float64
}{
	{"leak_rate", func(p *result.SweepPoint) float64 { return p.LeakRate }},
	{"rss_bytes", func(p *result.SweepPoint) float64 { return float64(p.RSSBytes) }},
	{"cpu_us_per_event", func(p *result.SweepPoint) float64 { return p.CPUMicrosPerEvent }},
	{"cpu_us_per_s", func(p *result.SweepPoint) float64 { return p.CPUMicrosPerSecond }},
}

// sweep puts the points of each server together; nil unless some server has two.
func sweep(done []*tested) (out []result.Sweep) {
	at, several := map[string]int{}, false
	for _, t := range done {
		i, known := at[t.run.Name]
		if !known {
			i = len(out)
			at[t.run.Name] = i
			out = append(out, result.Sweep{Name: t.run.Name, Slopes: []result.Slope{}})
		}
		out[i].Points = append(out[i].Points, t.point)
		several = several || known
	}
	if !several {
		return nil
	}
	for i := range out {
		for _, m := range measures {
			out[i].Slopes = append(out[i].Slopes, slope(m.name, out[i].Points, m.of))
		}
	}
	return out
}

// slope fits a measure over the number of users. A leak rate may be 0 and count; of
// what could not be measured a 0 says nothing and is left out.
func slope(name string, points []result.SweepPoint, of func(*result.SweepPoint) float64) result.Slope {
	var users, values, logUsers, logValues []float64
	for i := range points {
		value := of(&points[i])
		if value == 0 && name != "leak_rate" {
			continue
		}
		users, values = append(users, float64(points[i].Users)), append(values, value)
		if value > 0 {
			logUsers, logValues = append(logUsers, math.Log(float64(points[i].Users))), append(logValues, math.Log(value))
		}
	}
	out := result.Slope{Measure: name, Points: len(users)}
	if line := fit(users, values); line != nil {
		out.PerUser, out.Low, out.High = line.slope, line.low, line.high
	}
	if line := fit(logUsers, logValues); line != nil && len(logUsers) == len(users) {
		out.Exponent, out.ExponentLow, out.ExponentHigh = &line.slope, line.low, line.high
	}
	return out
}

// line is a fitted slope with its limits.
type line struct {
	slope     float64
	low, high *float64
}

// fit is ordinary least squares; nil when there are no two different x.
func fit(x, y []float64) *line {
	n := float64(len(x))
	var meanX, meanY float64
	for i := range x {
		meanX += x[i] / n
		meanY += y[i] / n
	}
	var xx, xy float64
	for i := range x {
		xx += (x[i] - meanX) * (x[i] - meanX)
		xy += (x[i] - meanX) * (y[i] - meanY)
	}
	if xx == 0 {
		return nil
	}
	out := &line{slope: xy / xx}
	if len(x) < 3 {
		return out
	}
	var rest float64
	for i := range x {
		d := y[i] - meanY - out.slope*(x[i]-meanX)
		rest += d * d
	}
	half := student95(len(x)-2) * math.Sqrt(rest/(n-2)/xx)
	low, high := out.slope-half, out.slope+half
	out.low, out.high = &low, &high
	return out
}

// student are the 97.5 % quantiles of Student's t for 1 degree of freedom and more.
var student = [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086}

func student95(freedom int) float64 {
	if freedom <= len(student) {
		return student[freedom-1]
	}
	return 1.96 + 2.5/float64(freedom) // within 0.005 of the exact value from here on
}
