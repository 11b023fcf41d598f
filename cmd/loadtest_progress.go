package cmd

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/wsmig/wsmig/loadtest"
)

// progress draws a run's advance on a terminal and nothing elsewhere.
type progress struct {
	io  *IO
	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

func (s *IO) newProgress() *progress { return &progress{io: s} }

func (p *progress) show(at loadtest.Progress) {
	if !p.io.Progress() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	total := int(at.Total/time.Millisecond) * at.Steps
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(p.io.Err), progressbar.OptionSetWidth(20),
			progressbar.OptionEnableColorCodes(p.io.ColorErr()), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond))
	}
	rate := float64(at.Events) / max(at.Elapsed.Seconds(), 0.1)
	p.bar.Describe(fmt.Sprintf("%-9s %d users %7d events %6.0f/s %5d leaks", at.Server, at.Connections, at.Events, rate, at.Leaks))
	done := min(int(at.Elapsed/time.Millisecond), int(at.Total/time.Millisecond)) + int(at.Total/time.Millisecond)*(at.Step-1)
	_ = p.bar.Set(min(done, total-1)) // drawing may fail without consequence
}

func (p *progress) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Finish() // likewise
	}
}

// scheduleList is the names of the schedules, folded for a help text.
func scheduleList() string {
	names, _ := loadtest.Schedules()
	var out strings.Builder
	line := " "
	for _, name := range names {
		if len(line)+len(name) > 78 {
			out.WriteString(line + "\n")
			line = " "
		}
		line += " " + name
	}
	out.WriteString(line + "\n")
	return out.String()
}
