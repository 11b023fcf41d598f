package cmd

import (
	"context"
	"fmt"

	"github.com/wsmig/wsmig/loadtest"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/dashboard"
)

// watch serves a dashboard for the run that c describes, and says where. What it
// returns ends it; the result is nil when there is none.
func (s *IO) watch(ctx context.Context, c *loadtest.Config) (end func(r *result.Result, dir string), err error) {
	server, err := dashboard.Start(ctx)
	if err != nil {
		return nil, usage(err, "")
	}
	fmt.Fprintf(s.Err, "dashboard: %s\n", server.URL())
	show := c.Progress
	c.Progress = func(p loadtest.Progress) {
		show(p)
		server.Progress(p)
	}
	c.Partial = server.Show
	return func(r *result.Result, dir string) {
		where := "The run has ended without a result."
		if r != nil {
			where = "The run has ended; the report is in " + dir + "."
		}
		if err := server.End(r, where); err != nil && !s.Quiet {
			fmt.Fprintf(s.Err, "dashboard: %s\n", oneLine(err.Error()))
		}
	}, nil
}
