package digest

import (
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
)

// ScheduleRow says in words what one schedule found in each run.
type ScheduleRow struct {
	Name  string
	Cells []string // one for each run of the result
}

// Schedules lists every schedule of any run, in the order of the plan.
func Schedules(r *result.Result) []ScheduleRow {
	var rows []ScheduleRow
	at := map[string]int{}
	for i := range r.Runs {
		for j := range r.Runs[i].Schedules {
			s := &r.Runs[i].Schedules[j]
			if _, ok := at[s.Name]; !ok {
				at[s.Name] = len(rows)
				rows = append(rows, ScheduleRow{Name: s.Name, Cells: make([]string, len(r.Runs))})
			}
			rows[at[s.Name]].Cells[i] = scheduleCell(s)
		}
	}
	return rows
}

func scheduleCell(s *result.Schedule) string {
	if !s.Ran {
		if s.Reason == "" {
			return "not run"
		}
		return "not run: " + s.Reason
	}
	var parts []string
	for _, code := range Sorted(s.Anomalies) {
		parts = append(parts, code.ID+" "+Count(s.Anomalies[code.ID]))
	}
	if len(parts) == 0 {
		return "clean, " + Count(s.Emitted) + " emitted"
	}
	return strings.Join(parts, ", ")
}
