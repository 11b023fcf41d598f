package drive

import (
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newSet() *tmpl.Set { return tmpl.NewSet(nil, time.Now) }

func TestMatchers(t *testing.T) {
	v := &tmpl.Values{User: map[string]string{"id": "a.b"}}
	tests := map[string]struct {
		m    spec.Matcher
		yes  string
		no   string
		text bool
	}{
		"contains":          {spec.Matcher{Contains: "ready"}, `{"type":"ready"}`, "red", false},
		"regex":             {spec.Matcher{Regex: `^4\d`}, "40{}", "x40", false},
		"path":              {spec.Matcher{JSON: spec.JSONMatch{"$.type": "ready"}}, `{"type":"ready"}`, `{"type":"bye"}`, false},
		"any value":         {spec.Matcher{JSON: spec.JSONMatch{"$.seq": ""}}, `{"seq":7}`, `{"sequence":7}`, false},
		"two paths":         {spec.Matcher{JSON: spec.JSONMatch{"$.a": "1", "$.b": "true"}}, `{"a":1,"b":true}`, `{"a":1,"b":false}`, false},
		"template":          {spec.Matcher{Contains: `"{{.user.id}}"`}, `{"u":"a.b"}`, `{"u":"axb"}`, true},
		"template of path":  {spec.Matcher{JSON: spec.JSONMatch{"$.u": "{{.user.id}}", "$.t": "x"}}, `{"u":"a.b","t":"x"}`, `{"u":"axb","t":"x"}`, true},
		"template of regex": {spec.Matcher{Regex: `"{{.user.id}}$`}, `"a.b`, `"a.bc`, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m, err := compileMatcher(newSet(), &test.m)
			require.NoError(t, err)
			if test.text {
				require.False(t, m.match([]byte(test.yes)), "matches nothing before its values are known")
			}
			m, err = m.with(v)
			require.NoError(t, err)
			require.True(t, m.match([]byte(test.yes)))
			require.False(t, m.match([]byte(test.no)))
		})
	}
	var none *matcher
	require.False(t, none.match([]byte("x")))
	none, err := compileMatcher(newSet(), nil)
	require.NoError(t, err)
	require.Nil(t, none)
}

func request(t *testing.T, h *spec.HTTP, v *tmpl.Values) (*http.Request, string) {
	t.Helper()
	c := &compiler{set: newSet()}
	compiled := c.call("http", h)
	require.NoError(t, c.err)
	ready, err := compiled.prepare(v)
	require.NoError(t, err)
	fill := func(dst []byte, field uint8) []byte { return append(dst, "<"+string('0'+rune(field))+">"...) }
	req, err := ready.request(t.Context(), fill, fill)
	require.NoError(t, err)
	body, err := io.ReadAll(req.Body)
	require.NoError(t, err)
	return req, string(body)
}

func TestCallsCarryTheirValuesWhole(t *testing.T) {
	v := &tmpl.Values{User: map[string]string{"id": `a "b"&c`}}
	req, body := request(t, &spec.HTTP{
		Post: "http://h/n/{{.user.id}}?x={{.user.id}}", Header: map[string]string{"X-Mark": "{{canary}}"},
		JSON: map[string]any{"user": "{{.user.id}}", "n": uint64(3), "deep": []any{map[string]any{"email": `say "{{canary "email"}}" to {{.user.id}}`}}},
	}, v)
	require.Equal(t, "/n/a \"b\"&c", req.URL.Path)
	require.Equal(t, `a "b"&c`, req.URL.Query().Get("x"))
	require.Equal(t, "<0>", req.Header.Get("X-Mark"))
	require.Equal(t, "application/json", req.Header.Get("Content-Type"))
	require.JSONEq(t, `{"user":"a \"b\"&c","n":3,"deep":[{"email":"say \"<1>\" to a \"b\"&c"}]}`, body)

	req, body = request(t, &spec.HTTP{Put: "http://h/", Form: map[string]string{"u": "{{.user.id}}", "m": "x {{canary}}"}}, v)
	require.Equal(t, "PUT", req.Method)
	require.Equal(t, "m=x+<0>&u=a+%22b%22%26c", body)
	require.Equal(t, "application/x-www-form-urlencoded", req.Header.Get("Content-Type"))

	_, body = request(t, &spec.HTTP{Post: "http://h/", Body: "{{.user.id}} {{canary}}"}, v)
	require.Equal(t, `a "b"&c <0>`, body)
	_, body = request(t, &spec.HTTP{Get: "http://h/"}, v)
	require.Empty(t, body)
}

func TestCompilingNamesTheKeyThatIsWrong(t *testing.T) {
	file := &spec.File{Emit: spec.List[spec.Emit]{{WS: "ok {{canary}}"}, {HTTP: &spec.HTTP{Post: "http://h/", JSON: "{{nope}}"}}}}
	_, err := compile(file, newSet(), nil)
	require.ErrorContains(t, err, "emit[1].http.json: ")
	require.ErrorContains(t, err, `function "nope" not defined`)
}

func TestRecordsOfAFrame(t *testing.T) {
	split := func(text string) (out []string) {
		for r := range splitRecords([]byte(text), "\n") {
			out = append(out, string(r))
		}
		return out
	}
	require.Equal(t, []string{"a", "b"}, split("a\nb\n"))
	require.Equal(t, []string{"a"}, split("a"))
	require.Empty(t, split("\n\n"))
}

func TestTallyKnowsWhatIsMissing(t *testing.T) {
	var y tally
	y.owe(1)
	y.owe(2)
	require.Equal(t, 2, y.left())
	y.arrive(3, false) // not due yet: its trigger has not returned
	y.arrive(2, false)
	y.arrive(2, false)
	require.Equal(t, 1, y.left())
	y.owe(3)
	require.Equal(t, 1, y.left())
	y.arrive(1, false)
	require.Zero(t, y.left())
	y.settle(3)
	y.arrive(2, false) // late: belongs to what is settled
	y.owe(4)
	require.Equal(t, 1, y.left(), "a late arrival must not stand for one that is due")
	y.arrive(4, false)
	require.Zero(t, y.left())
	y.owe(5)
	y.owe(200)
	y.arrive(5, false)
	require.Equal(t, []uint64{200}, y.forgive())
	require.Zero(t, y.left())
	y.arrive(200, false)
	require.Zero(t, y.left())
}

func TestTablesGrowWhileTheyAreRead(t *testing.T) {
	var tab table[uint32]
	var wg sync.WaitGroup
	for k := range uint32(4) {
		wg.Go(func() {
			for i := k + 1; i <= 4000; i += 4 {
				tab.put(i, &i)
				require.Equal(t, i, *tab.get(i))
			}
		})
	}
	wg.Wait()
	var seen []uint32
	tab.each(func(v *uint32) { seen = append(seen, *v) })
	require.Len(t, seen, 4000)
	require.True(t, slices.IsSorted(seen))
	require.Nil(t, tab.get(4001))
	require.Nil(t, tab.get(1<<23))
}

func TestPlainErrorsHaveNoAddresses(t *testing.T) {
	_, err := http.Get("http://127.0.0.1:1/") //nolint:bodyclose // it fails
	require.Equal(t, "connection refused", plainError(err))
	require.Equal(t, "connection closed", plainError(io.ErrUnexpectedEOF))
}

func TestASlowServerIsOwedNothingInARoomBeforeItTookNote(t *testing.T) {
	c := &conn{}
	require.False(t, c.joined(), "nothing was asked for")
	c.joining.Store(&joining{})
	c.worked(time.Hour)
	require.False(t, c.joined(), "it is still to be asked for")
	c.joining.Store(&joining{at: time.Second})
	c.worked(time.Second - 1)
	require.False(t, c.joined(), "what came back was sent before")
	c.worked(time.Second)
	require.True(t, c.joined())

	c.joining.Store(&joining{at: time.Second})
	c.heardRoom(time.Second)
	require.True(t, c.joined(), "whom a room's event reaches is in it")
	c.joining.Store(&joining{at: time.Second})
	c.left.Store(true)
	c.heardRoom(time.Hour)
	require.False(t, c.joined(), "it does not show that the server took note of the wish to leave")
}

func TestNothingIsSureWhileAConnectionIsComing(t *testing.T) {
	p := &person{}
	s := &stream{spec: history.Stream{Audience: history.Audience{Kind: history.ToPrincipal}}}
	hold := func(slot int, settled bool) *conn {
		c := &conn{who: p}
		c.settled.Store(settled)
		c.joining.Store(joinedRooms())
		p.slots[slot] = c
		return c
	}
	check := func(want bool, why string) {
		t.Helper()
		sure, some := p.presence(true)
		require.Equal(t, want, sure, why)
		require.True(t, some, why)
		require.Equal(t, want, p.reachable(s), why)
	}
	hold(0, true)
	check(true, "one connection that has received")
	p.coming.Add(1)
	check(false, "another is bound and in no slot yet")
	second := hold(1, false)
	p.coming.Add(-1)
	check(false, "the other has received nothing yet")
	second.parting.Store(true)
	check(true, "the other has logged out")
	second.parting.Store(false)
	second.settled.Store(true)
	check(true, "both have received")
	second.joining.Store(&joining{})
	sure, some := p.presence(true)
	require.False(t, sure, "the other is not in the room yet")
	require.True(t, some)
}

func TestAFenceIsNotBackWhileAMemberIsJustComing(t *testing.T) {
	d := &Driver{program: &program{emitters: []*emitter{{rooms: 1, audience: spec.AudienceRoom}}}}
	s := &stream{many: true, spec: history.Stream{Audience: history.Audience{Kind: history.ToRoom, Room: 1}}}
	for i := range 2 {
		p := &person{index: i, who: history.PrincipalID(i + 1)}
		c := &conn{d: d, who: p}
		c.settled.Store(true)
		c.joining.Store(joinedRooms())
		p.slots[0] = c
		d.people = append(d.people, p)
	}
	s.fence.Store(1)
	s.back.Store(1)
	require.False(t, d.fenced(s), "one of two has it")
	d.people[1].slots[0].joining.Store(&joining{})
	require.False(t, d.fenced(s), "who has it all is not known")
	require.False(t, d.nobody(s))
	d.people[1].slots[0].joining.Store(joinedRooms())
	s.back.Store(2)
	require.True(t, d.fenced(s))
}

func TestRoomsAreSharedAndBeginLikeEachOther(t *testing.T) {
	rooms := func(rooms, users int) (names []string) {
		e := &emitter{index: 1, rooms: rooms, audience: spec.AudienceRoom}
		e.share(users)
		d := &Driver{program: &program{emitters: []*emitter{nil, e}}}
		for i := range users {
			names = append(names, d.roomName(e, &person{who: history.PrincipalID(i + 1)}))
		}
		return names
	}
	require.Equal(t, []string{"room-1-1", "room-1-1b", "room-1-2", "room-1-1", "room-1-1b", "room-1-2"}, rooms(10, 6))
	require.Equal(t, []string{"room-1-1", "room-1-1b"}, rooms(10, 2))
	require.Equal(t, []string{"room-1-1", "room-1-1", "room-1-1", "room-1-1"}, rooms(1, 4))
}
