package loadtest

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/result"
)

// ShrinkTime is how long Shrink takes at most.
const ShrinkTime = 8 * time.Second

// slowToShow are anomalies that a short run with few users cannot show: they are
// comparisons, or need more than a wave.
var slowToShow = []history.Code{history.X6, history.X7, history.D3, history.D4, history.H}

// Shrink looks for the smallest form of what a run found on a tested server: the
// two users of the hit, then few waves, then how often that reproduces in 20
// tries. It takes no longer than ShrinkTime, so that there may be fewer tries, and
// returns nil where there is nothing to make smaller. Of a control nothing is
// asked: it was caught.
func Shrink(ctx context.Context, c *Config, r *result.Result) (*Replay, error) {
	hit, ok := FirstHit(r)
	code, err := history.ParseCode(hit.Code)
	control := slices.ContainsFunc(r.Runs, func(run result.Run) bool { return run.Name == hit.Server && run.Control })
	if !ok || err != nil || control || slices.Contains(slowToShow, code) || ctx.Err() != nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, ShrinkTime)
	defer cancel()
	p := &replayer{hit: hit, out: &Replay{Hit: hit}, tell: func(string) {}, tries: replayTries, few: 1, most: replayTime}
	if err := p.aim(c); err != nil {
		return nil, err
	}
	if seed, err := strconv.ParseUint(r.Seed, 10, 64); err == nil {
		p.config.Seed = seed
	}
	if err := p.shrink(ctx); err != nil {
		return nil, err
	}
	return p.out, nil
}
