package loadtest

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
	"github.com/wsmig/wsmig/loadtest/result"
)

// Socket is a connection that the caller's own code opened.
type Socket = wire.Socket

// session is one server under one number of users.
type session struct {
	runner   *runner
	server   *Server
	instance *Instance
	settings *settings
	users    int
	shard    *drive.Shard // nil: this process is alone
	driver   *drive.Driver
	begun    time.Time
	deadline time.Time
	notes    []string // why the run is inconclusive
	budget   budget
	samples  *sampler
	figures  figures
	drill    result.SelfTest
	playing  atomic.Pointer[string] // the schedule
	stalling atomic.Bool            // readers are slow just now
	fenced   bool
	ended    bool // runs of the protocols expected had the time to end

	connected uint64        // deliveries before the load
	loaded    time.Duration // how long it lasted
	mute      bool          // the first events came back on no stream at all
	unsure    string        // why interference was not judged
	shown     time.Time     // the last partial result
}

// tested is the outcome of a session.
type tested struct {
	run          *result.Run
	point        result.SweepPoint
	selftest     result.SelfTest
	control      bool
	leaks        uint64
	violations   []string
	inconclusive []string
	slow         string // the performance threshold that was missed
}

func (r *runner) session(ctx context.Context, s *Server, i *Instance, users int) (*session, error) {
	settings, err := r.config.settle(i.Spec)
	if err != nil {
		return nil, err
	}
	out := &session{runner: r, server: s, instance: i, settings: settings, users: users, begun: time.Now()}
	out.deadline = out.begun.Add(settings.duration)
	if err := enoughFiles(users); err != nil {
		return nil, err
	}
	if err := out.allowed(ctx); err != nil {
		return nil, err
	}
	people, err := out.people()
	if err != nil {
		return nil, err
	}
	secrets, err := out.secrets()
	if err != nil {
		return nil, err
	}
	if r.config.named != nil {
		r.config.named(people)
	}
	people, odd := r.config.keep(people)
	people, shard, err := r.config.deal(people)
	if err != nil {
		return nil, err
	}
	out.users, out.shard = len(people), shard
	o := &drive.Options{
		File: i.Spec, Users: people, Shard: shard, Key: canary.NewKey(r.secret), Seed: r.config.Seed, Rate: settings.rate,
		Guard: r.guard, Raw: r.config.Raw, Secrets: secrets, AllowExec: r.config.AllowExec,
		LateAfter: time.Duration(settings.expect.Late), Dial: i.Connect, Odd: odd,
	}
	if i.Emit != nil {
		o.Hooks = []drive.Hook{i.Emit}
	}
	if out.driver, err = drive.New(o); err != nil {
		return nil, &UsageError{Err: err}
	}
	settings.schedules = out.configured()
	return out, nil
}

// keep leaves only the users that a replay wants, and says which of those have odd
// ids; nil means all odd ones.
func (c *Config) keep(people []drive.User) (kept []drive.User, odd []string) {
	if c.only == nil {
		return people, nil
	}
	odd = slices.Clone(c.only)
	for _, u := range people {
		if slices.Contains(c.only, u.ID) {
			kept = append(kept, u)
			odd = slices.DeleteFunc(odd, func(id string) bool { return id == u.ID })
		}
	}
	for i := 0; len(kept) < min(2, len(people)) && i < len(people); i++ {
		if !slices.ContainsFunc(kept, func(u drive.User) bool { return u.ID == people[i].ID }) {
			kept = append(kept, people[i]) // odd users need ordinary ones beside them
		}
	}
	return kept, odd
}

// allowed refuses addresses that are not this machine's, before anything is sent
// there. Addresses that a template makes are refused when they are dialled.
func (s *session) allowed(ctx context.Context) error {
	f := s.instance.Spec
	if s.instance.Connect == nil {
		for _, address := range f.Target {
			if err := s.reach(ctx, address); err != nil {
				return err
			}
		}
	}
	for i := range f.Emit {
		if len(f.Emit[i].Exec) > 0 && !s.runner.config.AllowExec {
			return mistake("give --allow-exec", "emit[%d] starts a process", i)
		}
		if h := f.Emit[i].HTTP; h != nil {
			_, address := h.Method()
			if err := s.reach(ctx, address); err != nil {
				return err
			}
		}
	}
	if f.Auth != nil && f.Auth.Login != nil {
		_, address := f.Auth.Login.Method()
		return s.reach(ctx, address)
	}
	return nil
}

func (s *session) reach(ctx context.Context, address string) error {
	host := address
	if _, rest, ok := strings.Cut(host, "://"); ok {
		host, _, _ = strings.Cut(rest, "/")
	}
	if strings.Contains(host, "{{") {
		return nil
	}
	base, _, _ := strings.Cut(address, "{{")
	err := s.runner.guard.Check(ctx, base)
	var refused *guard.RefusedError
	var unknown *net.DNSError
	switch {
	case errors.As(err, &refused):
		return mistake("give --allow-host "+refused.Host+" if you may load it", "%v", err)
	case errors.As(err, &unknown):
		return mistake("is the name right? A host that is not this machine needs --allow-host "+unknown.Name+" as well", "%s can't be looked up: %s", unknown.Name, unknown.Err)
	case err != nil:
		return mistake("", "%s: %v", base, err)
	}
	return nil
}

// people names the users: from the CSV, the list, the pattern, or made up.
func (s *session) people() ([]drive.User, error) {
	f := s.instance.Spec
	if f.Users.CSV != "" {
		return s.fromCSV(f.Users.CSV)
	}
	if list := f.IDs.List; len(list) > 0 {
		if len(s.runner.config.Users) == 0 && f.Users.Count == 0 {
			s.users = len(list)
		}
		if s.users > len(list) {
			return nil, mistake("list more, or ask for fewer users", "%d users, and ids lists %d", s.users, len(list))
		}
		users := make([]drive.User, s.users)
		for i := range users {
			users[i].ID = list[i]
		}
		return users, nil
	}
	pattern := f.IDs.Pattern
	if pattern == "" {
		pattern = "u%05d"
	}
	users := make([]drive.User, s.users)
	for i := range users {
		users[i].ID = fmt.Sprintf(pattern, i+1)
	}
	return users, nil
}

func (s *session) fromCSV(name string) ([]drive.User, error) {
	if s.runner.config.ReadFile == nil {
		return nil, mistake("", "users: %s can't be read from here", name)
	}
	data, err := s.runner.config.ReadFile(name)
	if err != nil {
		return nil, mistake("", "users: %v", err)
	}
	rows, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		return nil, mistake("", "users: %s: %v", name, err)
	}
	if len(rows) < 2 {
		return nil, mistake("the first line names the columns, each other line is a user", "users: %s has no users", name)
	}
	var users []drive.User
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		columns := map[string]string{}
		for i, value := range row {
			columns[strings.TrimSpace(rows[0][i])] = value
		}
		id, ok := columns["id"]
		if !ok {
			id = row[0] // the first column names the user when none is called id
		}
		if seen[id] {
			return nil, mistake("an id is one user", "users: %s has %q twice", name, id)
		}
		seen[id] = true
		users = append(users, drive.User{ID: id, Columns: columns})
	}
	if len(s.runner.config.Users) > 0 {
		if s.users > len(users) {
			return nil, mistake("add rows, or ask for fewer users", "%d users, and %s has %d", s.users, name, len(users))
		}
		users = users[:s.users]
	}
	return users, nil
}

func (s *session) secrets() (map[string]string, error) {
	out := map[string]string{}
	for _, name := range s.instance.Spec.Secrets {
		if s.runner.config.LookupEnv == nil {
			return nil, mistake("", "secrets: %s can't be read from here", name)
		}
		value, ok := s.runner.config.LookupEnv(name)
		if !ok {
			return nil, mistake("set it, or drop it from secrets", "secrets: %s is not set", name)
		}
		out[name] = value
	}
	return out, nil
}

// run is the whole life of a session.
func (s *session) run(ctx context.Context) (*tested, error) {
	stop := s.sample()
	defer stop()
	if err := s.open(ctx); err != nil {
		s.driver.Close()
		return nil, err
	}
	began := time.Now()
	s.connected = s.driver.Checker().Report(false).Delivered
	s.partial(ctx)
	s.load(ctx)
	s.loaded = time.Since(began)
	s.finish(ctx)
	stop()
	return s.judge(ctx), nil
}

const warmUsers = 4

// largest is the largest payload that the schedules chosen will send.
func (s *session) largest() int {
	most := 1000
	for _, one := range s.settings.schedules {
		most = max(most, one.Largest)
	}
	return most
}

// open connects a few users, lets the checker prove itself on their traffic, and
// then connects the others.
func (s *session) open(ctx context.Context) error {
	s.figures.begin(ctx, s.instance)
	few := min(s.users, warmUsers)
	if err := s.driver.Gather(ctx, 0, 0, few); err != nil {
		return s.unreachable(ctx, err)
	}
	s.fenced = s.driver.WarmUp(ctx, few, s.patience())
	s.mute = !s.fenced
	s.selfTest()
	s.driver.Climb(ctx, s.largest())
	s.figures.warm(ctx, s.instance)
	if err := s.driver.Gather(ctx, s.settings.ramp, few, s.users); err != nil && ctx.Err() == nil {
		s.notes = append(s.notes, err.Error())
	}
	if _, live := s.driver.Connections(); int(live) < s.users && ctx.Err() == nil {
		s.notes = append(s.notes, fmt.Sprintf("%d of %d users could connect (%s)", live, s.users, s.troubles()))
	}
	s.figures.full(ctx, s.instance, s.users-few)
	if s.settings.defaulted {
		s.deadline = later(s.deadline, time.Now().Add(s.settings.duration-connectShare))
	}
	return nil
}

// troubles lists what went wrong with connections, the commonest first.
func (s *session) troubles() string {
	problems := s.driver.Problems()
	texts := slices.SortedFunc(maps.Keys(problems), func(a, b string) int {
		return cmp.Or(problems[b]-problems[a], strings.Compare(a, b))
	})
	return strings.Join(texts[:min(len(texts), 3)], "; ")
}

// unreachable explains why the first user could not connect.
func (s *session) unreachable(ctx context.Context, err error) error {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= 0 {
		<-ctx.Done() // a dial notices a deadline a little before its context does
	}
	if ctx.Err() != nil {
		return nil //nolint:nilerr // an interrupted run has a result
	}
	var refused *guard.RefusedError
	var handshake *wire.HandshakeError
	where := s.instance.Spec.First()
	switch {
	case errors.As(err, &refused):
		return mistake("give --allow-host "+refused.Host+" if you may load it", "%v", err)
	case errors.As(err, &handshake):
		return mistake(errNoUpgrade(handshake.Status), "%s: %v", where, err)
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return mistake("SSL_CERT_FILE=FILE names the authorities to trust", "%s: %s", where, drive.PlainError(err))
	}
	return mistake("is the server running?", "%s can't be reached: %s", where, drive.PlainError(err))
}

func (s *session) selfTest() {
	drill := s.driver.Checker().Drill()
	s.drill = result.SelfTest{Passed: drill.Passed(), Total: drill.Total(), Codes: []string{}}
	for _, code := range drill.Codes {
		s.drill.Codes = append(s.drill.Codes, code.String())
	}
	if len(drill.Missed) > 0 && s.users > 1 {
		s.notes = append(s.notes, fmt.Sprintf("the checker's self-test named %d of %d anomalies, not %v%s", drill.Passed(), drill.Total(), drill.Missed, because(drill.Why)))
	}
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

// patience is how long an event may take before its absence counts. Once the
// verdict stands there is no point in waiting for every loss.
func (s *session) patience() time.Duration {
	counts := s.driver.Checker().Counts()
	if counts.Leaks() > 0 || s.settings.expect.Loss.Exceeded(counts[history.D0]) {
		return 150 * time.Millisecond
	}
	if s.mute {
		return 300 * time.Millisecond // it was given its time already
	}
	return drive.DefaultPatience
}

// load spends the time on the schedules.
func (s *session) load(ctx context.Context) {
	s.budget.init(s.settings.schedules, s.needs, s.driver.Waves)
	if s.shard != nil {
		s.loadShard(ctx)
		return
	}
	if s.runner.config.atOnce && s.proven() {
		return
	}
	for ctx.Err() == nil && !s.driver.Lost() {
		entry, slice := s.budget.next(time.Until(s.deadline))
		if entry == nil {
			return
		}
		s.play(ctx, entry, slice)
		s.partial(ctx)
		if n := s.runner.config.waves; n > 0 && entry.played >= n {
			return
		}
		if s.proven() {
			return
		}
	}
}

// proven reports whether the run was to end with a violation, and has one.
func (s *session) proven() bool {
	return s.runner.config.UntilViolated && len(s.violations(s.report())) > 0
}

func (s *session) play(ctx context.Context, e *entry, slice time.Duration) {
	s.playing.Store(&e.schedule.Name)
	s.stalling.Store(e.schedule.Setup.Small)
	defer s.stalling.Store(false)
	before := s.measure()
	began := time.Now()
	late := func() bool { return time.Now().After(s.deadline) }
	asked := s.driver.Planned()
	played, fenced := s.driver.Play(ctx, e.schedule, e.waves(), s.limits(e, slice, late))
	s.fenced = fenced
	e.planned += s.driver.Planned() - asked
	e.took(played, time.Since(began), s.measure().since(before))
}

// limits end a schedule's turn when its slice is used up, and a shard's when the
// plan says so, however long that takes.
func (s *session) limits(e *entry, slice time.Duration, late func() bool) *drive.Limits {
	if s.shard != nil {
		return s.shardLimits(e)
	}
	return &drive.Limits{
		Enough: func(played int, since time.Duration) bool {
			return played > 0 && (since > slice || late() || s.runner.config.waves > 0 && e.played+played >= s.runner.config.waves)
		},
		Late:     late,
		Patience: s.patience,
	}
}

// measure is what steering looks at.
func (s *session) measure() yield {
	counts := s.driver.Checker().Counts()
	kinds := 0
	for _, n := range counts {
		if n > 0 {
			kinds++
		}
	}
	met := s.driver.Checker().Report(false).PairsMet
	return yield{kinds: float64(kinds), leaks: float64(counts.Leaks()), pairs: float64(met)}
}

// finish brings everybody back, measures the server at rest, and lets all go.
func (s *session) finish(ctx context.Context) {
	if ctx.Err() == nil && !s.driver.Lost() {
		s.driver.Restore(ctx, plan.Setup{})
		s.fenced = s.driver.Fence(ctx, s.patience())
		s.ended = s.driver.EndEvents(ctx)
	}
	s.figures.loaded(ctx, s.instance)
	s.driver.Close()
	s.figures.after(ctx, s.instance)
}

// connectShare is how much of the default duration connecting may take: with many
// users it takes longer, and the load would get what is left.
const connectShare = time.Second

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
