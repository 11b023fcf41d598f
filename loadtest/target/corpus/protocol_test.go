package corpus

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// The twins must keep everything that a load test holds a server to, whatever
// their part of the mechanism is: a twin that is wrong elsewhere would make false
// alarms look true.

// twinsThat runs a test on every correct server whose configuration offers what it
// needs.
func twinsThat(t *testing.T, offer func(f *spec.File) bool, test func(w *world)) {
	t.Helper()
	n := 0
	for _, s := range All() {
		if s.Correct && offer(parse(t, s, "127.0.0.1:1", "127.0.0.1:2")) {
			n++
			t.Run(s.Name, func(t *testing.T) {
				t.Parallel()
				test(open(t, s))
			})
		}
	}
	require.Positive(t, n)
}

func anything(*spec.File) bool { return true }

// names are two users whom every server of the corpus tells apart.
const one, other = "acme-1", "acme-2"

// emit makes an event by any kind of emitter.
func (w *world) emit(e *spec.Emit, from *user, to, text string) {
	w.t.Helper()
	if e.HTTP != nil {
		status, _ := w.call(e.HTTP, nil, w.values(to), text)
		require.Less(w.t, status, 300, "%s to %s", e.Name, to)
		return
	}
	from.write(w.render(tmpl.Frame, e.WS, w.values(to), text))
}

var mark = regexp.MustCompile(`<[^>]*>`)

// marks lists the events that a user got, in order, each once.
func (u *user) marks() (all []string) {
	for _, m := range mark.FindAllString(u.seen.String(), -1) {
		if len(all) == 0 || all[len(all)-1] != m { // a profile repeats its event's mark
			all = append(all, m)
		}
	}
	return all
}

func TestTwinsDeliverOnceInOrderToTheRightUser(t *testing.T) {
	const n = 12
	twinsThat(t, anything, func(w *world) {
		a, b := w.dial(one), w.dial(other)
		for k := range w.file.Emit {
			e := &w.file.Emit[k]
			if e.Audience != "" {
				continue
			}
			var forA, forB []string
			for i := range n {
				forA, forB = append(forA, fmt.Sprintf("<a-%d-%d>", k, i)), append(forB, fmt.Sprintf("<b-%d-%d>", k, i))
				w.emit(e, b, one, forA[i])
				w.emit(e, b, other, forB[i])
			}
			a.awaitText(forA[n-1])
			b.awaitText(forB[n-1])
			require.True(w.t, a.sync() && b.sync())
			require.Equal(w.t, forA, a.marks(), e.Name)
			require.Equal(w.t, forB, b.marks(), e.Name)
			a.seen.Reset()
			b.seen.Reset()
		}
	})
}

func TestTwinsAnswerWhoAsked(t *testing.T) {
	twinsThat(t, anything, func(w *world) {
		a, b := w.dial(one), w.dial(other)
		for i := range 5 { // both ask at once, under the same ids
			id := fmt.Sprintf("r%d", i)
			a.askLater(id, "<of-a>")
			b.askLater(id, "<of-b>")
		}
		for i := range 5 {
			a.awaitText(a.answer(fmt.Sprintf("r%d", i)))
			b.awaitText(b.answer(fmt.Sprintf("r%d", i)))
		}
		require.Equal(w.t, []string{"<of-a>"}, a.marks())
		require.Equal(w.t, []string{"<of-b>"}, b.marks())
	})
}

func TestTwinsServeATabThatIsLeft(t *testing.T) {
	twinsThat(t, anything, func(w *world) {
		tabs := []*user{w.dial(one), w.dial(one), w.dial(one)}
		b := w.dial(other)
		for i, order := 0, []int{1, 0}; i < 2; i++ {
			tabs[order[i]].drop()
			text := fmt.Sprintf("<after-%d>", i)
			b.send(one, text)
			tabs[2].awaitText(text)
		}
		require.True(w.t, b.sync())
		require.Empty(w.t, b.marks())
	})
}

func TestTwinsServeWhoComesBack(t *testing.T) {
	twinsThat(t, anything, func(w *world) {
		b := w.dial(other)
		for i := range 4 {
			a := w.dial(one)
			text := fmt.Sprintf("<for-%d>", i)
			b.send(one, text)
			a.awaitText(text)
			require.True(w.t, a.sync())
			require.Equal(w.t, []string{text}, a.marks())
			a.drop()
		}
	})
}

func TestTwinsKeepQuietAfterGoodbye(t *testing.T) {
	twinsThat(t, func(f *spec.File) bool { return f.Logout != nil }, func(w *world) {
		a, b := w.dial(one), w.dial(other)
		a.write(w.file.Logout.WS)
		a.await(w.file.Logout.Ack)
		b.send(one, "<late>")
		b.send(other, "<for-b>") // by the same way, so it is behind the late one
		b.awaitText("<for-b>")
		a.askLater("x", "x") // refused, and so read behind whatever came
		_, ok := a.read()
		require.True(w.t, ok)
		require.Empty(w.t, a.marks())
	})
}

func TestTwinsChangeUsersWhole(t *testing.T) {
	twinsThat(t, func(f *spec.File) bool { return f.Relogin != nil }, func(w *world) {
		a, b := w.dial(one), w.dial(other)
		for _, next := range []string{"acme-3", "acme-3", "acme-4"} {
			a.write(w.render(tmpl.Frame, w.file.Relogin.WS, w.values(next), ""))
			a.await(w.file.Relogin.Ready)
			b.send(one, "<for-nobody>")
			b.send(next, "<for-"+next+">")
			a.awaitText("<for-" + next + ">")
		}
		require.NotContains(w.t, strings.Join(a.marks(), ""), "nobody")
	})
}

func TestTwinsObeyARevocation(t *testing.T) {
	twinsThat(t, func(f *spec.File) bool { return f.Revoke != nil }, func(w *world) {
		a, b := w.dial(one), w.dial(other)
		w.revoke(one)
		b.send(one, "<late>")
		b.send(other, "<for-b>")
		b.awaitText("<for-b>")
		for ok := true; ok; {
			_, ok = a.read() // until it is closed
		}
		require.Empty(w.t, a.marks())
		again := w.dial(one)
		b.send(one, "<again>")
		again.awaitText("<again>")
	})
}

// odd are ids that formats and keys trip over.
var odd = []string{"a|b", "a:b", "a:b:1", "a/b", "a b", "a,b", "a>b", "a*", "a.>", "ü", "%41", "A", "a", "a-1", `a"b`, "9:a", "a\tb"}

func TestTwinsTellOddIDsApart(t *testing.T) {
	twinsThat(t, anything, func(w *world) {
		var users []*user
		for _, id := range odd {
			if w.carries(id) {
				users = append(users, w.dial(id))
			}
		}
		require.GreaterOrEqual(w.t, len(users), 4)
		for i, u := range users {
			users[0].send(u.id, fmt.Sprintf("<for-%d>", i))
		}
		for i, u := range users {
			u.awaitText(fmt.Sprintf("<for-%d>", i))
		}
		for i, u := range users {
			require.True(w.t, u.sync())
			require.Equal(w.t, []string{fmt.Sprintf("<for-%d>", i)}, u.marks(), u.id)
		}
	})
}

// carries reports whether an id fits into where this server wants it.
func (w *world) carries(id string) bool {
	if len(w.file.Auth.Subprotocol) > 0 && tmpl.Carries(tmpl.Token, id+".x") != nil {
		return false
	}
	return len(w.file.Auth.Header) == 0 || tmpl.Carries(tmpl.Header, id) == nil
}
