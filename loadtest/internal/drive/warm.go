package drive

import (
	"context"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// warmRounds is how many events each user is sent before the load begins.
const warmRounds = 3

// WarmUp sends every connected user among the first few some events of every
// emitter and a request, and fences them. The checker's self-test lives on this
// traffic.
func (d *Driver) WarmUp(ctx context.Context, few int, patience time.Duration) bool {
	d.checker.Feed(history.Event{Op: history.Phase, Name: "warm-up", At: d.now()})
	w := plan.Wave{}
	for range warmRounds {
		for i := range few {
			for k, e := range d.program.emitters {
				if len(e.args) > 0 && i > 1 {
					continue
				}
				w.Steps = append(w.Steps, d.warmStep(i, k, e, few))
			}
		}
	}
	if d.program.request != nil {
		for i := range few {
			w.Steps = append(w.Steps, plan.Step{Op: plan.Request, User: i, By: plan.None, Lane: i, Number: uint64(i + 1)})
		}
	}
	d.play(ctx, &w, d.now())
	if d.program.request != nil {
		d.until(ctx, 300*time.Millisecond, d.replies.Load)
	}
	return d.Fence(ctx, patience)
}

func (d *Driver) warmStep(user, index int, e *emitter, few int) plan.Step {
	s := plan.Step{Op: plan.Emit, User: user, By: plan.None, Emitter: index, Lane: user}
	if e.frame != nil {
		s.By = user
		if !e.self && !e.broadcasts() {
			s.By = (user + 1) % few
		}
	}
	return s
}
