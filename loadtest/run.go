package loadtest

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/result"
)

// Run tests the servers of c and returns what was found. A cancelled ctx ends it
// early, with a partial result and no error. An error means that there is no
// result: a *UsageError for what the caller gave, anything else for work that
// failed.
func Run(ctx context.Context, c *Config) (*result.Result, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	r := &runner{config: *c, guard: guard.New(c.AllowHosts, nil), began: time.Now()}
	if r.config.Seed == 0 {
		r.config.Seed = randomSeed()
	}
	if _, err := rand.Read(r.secret[:]); err != nil {
		return nil, err
	}
	if c.Shards > 0 {
		r.secret = shardSecret(&r.config)
	}
	for _, n := range r.counts() {
		for i := range c.Servers {
			if ctx.Err() != nil {
				break
			}
			one, err := r.test(ctx, &c.Servers[i], n)
			if err != nil {
				return nil, err
			}
			r.done = append(r.done, one)
		}
	}
	return r.result(ctx), nil
}

// randomSeed is short enough to be typed and never 0.
func randomSeed() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return 1 + binary.NativeEndian.Uint64(b[:])%1_000_000_000
}

// runner is one call of Run.
type runner struct {
	config Config
	guard  *guard.Guard
	secret [16]byte
	began  time.Time
	done   []*tested
	steps  int
}

// counts asks the first server's specification only when the caller named no
// number; that is known when it has started, so a sweep is the caller's to ask for.
func (r *runner) counts() []int {
	if len(r.config.Users) > 0 {
		return r.config.Users
	}
	return []int{0}
}

// test runs one server with one number of users.
func (r *runner) test(ctx context.Context, s *Server, users int) (out *tested, err error) {
	r.steps++
	instance, err := s.Start(ctx)
	if err != nil {
		return nil, err
	}
	if instance.Close != nil {
		defer func() { r.closed(ctx, out, instance.Close()) }()
	}
	if users == 0 {
		users = r.config.counts(instance.Spec)[0]
	}
	session, err := r.session(ctx, s, instance, users)
	if err != nil {
		return nil, err
	}
	return session.run(ctx)
}

// closed notes a server that did not end well; one that was interrupted with us
// need not.
func (r *runner) closed(ctx context.Context, t *tested, err error) {
	if err == nil || t == nil || ctx.Err() != nil {
		return
	}
	t.inconclusive = append(t.inconclusive, fmt.Sprintf("%s: the server did not end well: %v", t.run.Name, err))
	if t.run.Verdict == result.Pass {
		t.run.Verdict = result.Inconclusive
	}
}

// result puts the tested servers together.
func (r *runner) result(ctx context.Context) *result.Result { return r.resultOf(ctx, r.done) }

func (r *runner) resultOf(ctx context.Context, done []*tested) *result.Result {
	out := &result.Result{
		Schema: result.Schema, Version: r.config.Version, Command: r.config.Command,
		Seed: strconv.FormatUint(r.config.Seed, 10), Started: r.began.UTC().Format(time.RFC3339),
		Seconds: time.Since(r.began).Seconds(), Replay: r.replay(), Runs: []result.Run{}, Reason: []string{},
		Environment: environment(),
	}
	if r.config.Shards > 0 {
		out.Shard = fmt.Sprintf("%d/%d", r.config.Shard, r.config.Shards)
	}
	for _, t := range done {
		out.Runs = append(out.Runs, *t.run)
		if out.SelfTest.Total == 0 || t.selftest.Passed < out.SelfTest.Passed {
			out.SelfTest = t.selftest
		}
	}
	out.Sweep = sweep(done)
	decide(out, done, ctx.Err() != nil)
	return out
}

// replay is the command that runs the same plan again.
func (r *runner) replay() string {
	words := []string{"wsmig"}
	skip := false
	for _, word := range r.config.Command {
		switch {
		case skip:
			skip = false
		case word == "--seed":
			skip = true
		case strings.HasPrefix(word, "--seed="):
		default:
			words = append(words, quote(word))
		}
	}
	return strings.Join(append(words, "--seed", strconv.FormatUint(r.config.Seed, 10)), " ")
}

// quote makes one shell word.
func quote(word string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_./:=,@%+", c)
	}
	if word != "" && strings.IndexFunc(word, func(c rune) bool { return !plain(c) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func plural(n uint64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
