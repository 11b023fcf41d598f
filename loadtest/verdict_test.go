package loadtest

import (
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/result"
)

func outcome(control bool, leaks uint64, violations, inconclusive []string, slow string) *tested {
	return &tested{run: &result.Run{Name: "s"}, control: control, leaks: leaks, violations: violations, inconclusive: inconclusive, slow: slow}
}

func TestPrecedenceOfVerdicts(t *testing.T) {
	caught, held := outcome(true, 3, nil, nil, ""), outcome(false, 0, nil, nil, "")
	bad := outcome(false, 2, []string{"leak"}, []string{"why"}, "slow")
	unknown := outcome(false, 0, nil, []string{"why"}, "slow")
	slow := outcome(false, 0, nil, nil, "slow")
	missed := outcome(true, 0, nil, nil, "")
	tests := map[string]struct {
		done        []*tested
		interrupted bool
		verdict     result.Verdict
		code        int
		reason      []string
	}{
		"pass":                       {[]*tested{caught, held}, false, result.Pass, 0, nil},
		"violated beats all":         {[]*tested{missed, bad}, false, result.Violated, 1, []string{"leak"}},
		"inconclusive beats slow":    {[]*tested{caught, unknown}, false, result.Inconclusive, 3, []string{"why"}},
		"control not caught":         {[]*tested{missed, held}, false, result.Inconclusive, 3, []string{"the control s was not caught, so that a clean result proves nothing"}},
		"slow":                       {[]*tested{caught, slow}, false, result.Pass, 4, []string{"slow"}},
		"interrupted":                {[]*tested{caught}, true, result.Inconclusive, 130, []string{"interrupted"}},
		"interrupted after a leak":   {[]*tested{caught, bad}, true, result.Violated, 130, []string{"interrupted", "leak"}},
		"a control's faults are its": {[]*tested{outcome(true, 1, []string{"x"}, []string{"y"}, "z"), held}, false, result.Pass, 0, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var out result.Result
			decide(&out, test.done, test.interrupted)
			require.Equal(t, test.verdict, out.Verdict)
			require.Equal(t, test.code, out.ExitCode)
			require.Equal(t, test.reason, out.Reason)
		})
	}
}

func TestWhatIsJudgedIsWhatIsExpected(t *testing.T) {
	level := func(e spec.Expect) history.Level {
		if e.Isolation == "" {
			return history.SessionIsolated
		}
		l, err := history.ParseLevel(e.Isolation)
		require.NoError(t, err)
		return l
	}
	tests := map[string]struct {
		expect spec.Expect
		strict bool
		code   history.Code
		n      uint64
		busy   bool
		want   bool
	}{
		"leak":                           {code: history.X0, n: 1, want: true},
		"weaker level is enough":         {expect: spec.Expect{Isolation: "user-isolated"}, code: history.X1a, n: 9},
		"that level is broken":           {expect: spec.Expect{Isolation: "user-isolated"}, code: history.X3, n: 1, want: true},
		"none expected":                  {expect: spec.Expect{Isolation: "none"}, code: history.X0, n: 1},
		"loss":                           {code: history.D0, n: 1, want: true},
		"loss allowed":                   {expect: spec.Expect{Loss: &spec.Count{N: 2}}, code: history.D0, n: 2},
		"loss over what is allowed":      {expect: spec.Expect{Loss: &spec.Count{N: 2}}, code: history.D0, n: 3, want: true},
		"duplicates off":                 {expect: spec.Expect{Duplicates: &spec.Count{Any: true}}, code: history.D1, n: 9},
		"order":                          {code: history.D2, n: 1, want: true},
		"order off":                      {expect: spec.Expect{Order: "none"}, code: history.D2, n: 1},
		"starved is reported alone":      {code: history.D3, n: 1},
		"starved by name":                {expect: spec.Expect{Starved: &spec.Count{}}, code: history.D3, n: 1, want: true},
		"starved where all is promised":  {strict: true, code: history.D3, n: 1, want: true},
		"late is reported alone":         {code: history.D4, n: 1},
		"late by name":                   {expect: spec.Expect{Late: spec.Duration(time.Second)}, code: history.D4, n: 1, want: true},
		"late on a busy machine":         {strict: true, code: history.D4, n: 1, busy: true},
		"late where all is promised":     {strict: true, code: history.D4, n: 1, want: true},
		"interference is reported alone": {code: history.X7, n: 1},
		"interference by level":          {expect: spec.Expect{Isolation: "non-interfering"}, code: history.X7, n: 1, want: true},
		"interference where it matters":  {strict: true, code: history.X7, n: 1, want: true},
		"payload":                        {code: history.P2, n: 1, want: true},
		"harness":                        {strict: true, code: history.H, n: 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := &session{server: &Server{Strict: test.strict}, settings: &settings{expect: test.expect}}
			require.Equal(t, test.want, s.broken(test.code, test.n, level(test.expect), test.busy))
		})
	}
}

func TestTimeIsSpreadAndThenSteered(t *testing.T) {
	config := &plan.Config{Users: 4, Emitters: []plan.Emitter{{Socket: true, Self: true, Other: true}}}
	var b budget
	b.init([]*plan.Schedule{plan.Find("spread"), plan.Find("burst"), plan.Find("relogin"), plan.Find("lockstep")}, needsOf(config), wavesOf(config))
	left := 10 * time.Second
	var first []string
	for range 3 {
		e, slice := b.next(left)
		first = append(first, e.schedule.Name)
		gain := yield{}
		if e.schedule.Name == "burst" {
			gain = yield{kinds: 1, leaks: 5}
		}
		e.took(1, slice, gain)
		left -= slice
	}
	require.Equal(t, []string{"spread", "burst", "lockstep"}, first)
	require.InDelta(t, 10*firstRound, (10*time.Second - left).Seconds(), 0.2)
	e, slice := b.next(left)
	require.Equal(t, "burst", e.schedule.Name, "where something turned up")
	for range 20 {
		e.took(1, slice, yield{})
	}
	e, _ = b.next(left)
	require.NotEqual(t, "burst", e.schedule.Name, "not for ever")
	e, _ = b.next(reserve)
	require.Nil(t, e, "the time is up")
	b.close()
	for _, one := range b.entries {
		if one.schedule.Name == "relogin" {
			require.Equal(t, "configure relogin", one.reason)
		}
	}
}

func TestWhatGotNoTimeIsSaid(t *testing.T) {
	var b budget
	b.init([]*plan.Schedule{plan.Find("spread")}, needsOf(&plan.Config{Users: 2}), nil)
	b.close()
	require.Equal(t, "budget", b.entries[0].reason)
}

func TestReplayKeepsTheCommandAndNamesTheSeed(t *testing.T) {
	r := &runner{config: Config{Seed: 9, Command: []string{"loadtest", "--seed", "3", "--url", "ws://h/a?b=c d", "--users=2", "--seed=4"}}}
	require.Equal(t, "wsmig loadtest --url 'ws://h/a?b=c d' --users=2 --seed 9", r.replay())
	require.Equal(t, `'it'\''s'`, quote("it's"))
	require.Equal(t, "''", quote(""))
}

func TestSecretsAreRedacted(t *testing.T) {
	r := &runner{config: Config{LookupEnv: func(name string) (string, bool) { return "hunter2", name == "KEY" }}}
	require.Equal(t, "a [redacted] b", r.redact("a hunter2 b", &Spec{Secrets: []string{"KEY", "NONE"}}))
	require.Equal(t, "a hunter2 b", r.redact("a hunter2 b", &Spec{}))
}

func TestSamplesAreHalvedWithoutLoss(t *testing.T) {
	points := []result.Point{{AtMS: 1, Events: 1, Leaks: 1}, {AtMS: 2, Events: 2}, {AtMS: 3, Events: 4, Leaks: 2}, {AtMS: 4, Events: 8, Connections: 7}}
	require.Equal(t, []result.Point{{AtMS: 2, Events: 3, Leaks: 1}, {AtMS: 4, Events: 12, Leaks: 2, Connections: 7}}, halve(points))
}

func TestUsersComeFromTheFileThatNamesThem(t *testing.T) {
	files := map[string]string{
		"u.csv":     "name,id,token\nAnn,a,1\nBob,b,2\nCy,c,3\n",
		"first.csv": "user,token\nann,1\nbob,2\n",
		"twice.csv": "id\na\na\n",
		"none.csv":  "id\n",
		"odd.csv":   "id,x\na\n",
	}
	people := func(name string, users ...int) ([]string, error) {
		s := &session{runner: &runner{config: Config{Users: users, ReadFile: func(name string) ([]byte, error) { return []byte(files[name]), nil }}},
			instance: &Instance{Spec: &Spec{Users: spec.Users{CSV: name}}}}
		if len(users) > 0 {
			s.users = users[0]
		}
		all, err := s.people()
		var ids []string
		for _, u := range all {
			ids = append(ids, u.ID+"/"+u.Columns["token"])
		}
		return ids, err
	}
	got, err := people("u.csv")
	require.NoError(t, err)
	require.Equal(t, []string{"a/1", "b/2", "c/3"}, got)
	got, err = people("u.csv", 2)
	require.NoError(t, err)
	require.Len(t, got, 2)
	got, err = people("first.csv")
	require.NoError(t, err)
	require.Equal(t, []string{"ann/1", "bob/2"}, got)
	for name, users := range map[string][]int{"twice.csv": nil, "none.csv": nil, "odd.csv": nil, "u.csv": {9}} {
		_, err := people(name, users...)
		require.Error(t, err, name)
	}
}

func needsOf(c *plan.Config) func(*plan.Schedule) string {
	return func(s *plan.Schedule) string { return s.Needs(c) }
}

func wavesOf(c *plan.Config) func(*plan.Schedule) iter.Seq[plan.Wave] {
	return func(s *plan.Schedule) iter.Seq[plan.Wave] { return s.Waves(c) }
}

func TestSchedulesThatFillWindowsComeLast(t *testing.T) {
	config := &plan.Config{Users: 4, Emitters: []plan.Emitter{{Socket: true, Self: true, Other: true}}}
	var b budget
	b.init([]*plan.Schedule{plan.Find("slow-reader"), plan.Find("spread"), plan.Find("swap")}, needsOf(config), wavesOf(config))
	var order []string
	for range 3 {
		e, _ := b.next(time.Minute)
		order = append(order, e.schedule.Name)
	}
	require.Equal(t, []string{"spread", "swap", "slow-reader"}, order)
}
