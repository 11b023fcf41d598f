package cmd

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/mattn/go-runewidth"
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
	text, bar := progressLine(&at, p.io.Width)
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(p.io.Err), progressbar.OptionSetWidth(bar),
			progressbar.OptionEnableColorCodes(p.io.ColorErr()), progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond))
	}
	p.bar.Describe(text)
	done := min(int(at.Elapsed/time.Millisecond), int(at.Total/time.Millisecond)) + int(at.Total/time.Millisecond)*(at.Step-1)
	_ = p.bar.Set(min(done, total-1)) // drawing may fail without consequence
}

// progressTail is what the bar adds to the text beyond itself: a space, the share, two
// ends and the times, "100% || [10m30s:12m40s]".
const progressTail = 26

// progressLine is what stands before the bar, and the bar's width, for a line that
// does not wrap: one that does can't be drawn over. What is missed least goes first.
func progressLine(at *loadtest.Progress, width int) (text string, bar int) {
	bar = min(max((width-60)/2, 2), 20)
	rate := float64(at.Events) / max(at.Elapsed.Seconds(), 0.1)
	server := runewidth.Truncate(at.Server, 20, "…")
	for _, text = range []string{
		fmt.Sprintf("%-9s %d conns %7d events %6.0f/s %5d leaks", server, at.Connections, at.Events, rate, at.Leaks),
		fmt.Sprintf("%s %d conns %d events %d leaks", server, at.Connections, at.Events, at.Leaks),
		fmt.Sprintf("%s %d events %d leaks", server, at.Events, at.Leaks),
		fmt.Sprintf("%s %d leaks", server, at.Leaks),
		fmt.Sprintf("%d leaks", at.Leaks),
	} {
		if runewidth.StringWidth(text) <= width-1-bar-progressTail {
			break
		}
	}
	return text, bar
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
