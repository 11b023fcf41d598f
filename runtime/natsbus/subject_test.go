package natsbus

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

var subjectPattern = regexp.MustCompile(`^wsmig\.in\.[ur]\.[a-z2-7]{32}$`)

// nasty ids are those that mean something in a subject.
var nasty = []string{"*", ">", ".", "..", "a.b", "a.*", "a.>", " ", "a b", "alice", "alice ", "al", "Alice", "$JS.API.>", "_INBOX.>", "\u00a0", "a\tb",
	"wsmig.in.u.x", strings.Repeat("x", 256), "é", "e\u0301", ""}

// TestSubjectsAreOnePlainToken: whatever an id is, its subject is one literal subject of the same shape, another one for
// each id, for users and rooms apart.
func TestSubjectsAreOnePlainToken(t *testing.T) {
	s := subjects{"wsmig"}
	seen := map[string]string{}
	for _, id := range nasty {
		for _, subject := range []string{s.user(id), s.room(id)} {
			require.Regexp(t, subjectPattern, subject)
			require.NotContains(t, seen, subject)
			seen[subject] = id
		}
		require.Equal(t, "wsmig.out.u."+token(id), s.out(s.user(id)))
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if !subjectPattern.MatchString(s.user(a)) {
			t.Fatalf("user %q is on %q", a, s.user(a))
		}
		if (s.user(a) == s.user(b)) != (a == b) || s.user(a) == s.room(a) {
			t.Fatalf("%q and %q", a, b)
		}
	})
}

func FuzzSubject(f *testing.F) {
	for _, id := range nasty {
		f.Add(id)
	}
	s := subjects{"wsmig"}
	f.Fuzz(func(t *testing.T, id string) {
		require.Regexp(t, subjectPattern, s.user(id))
		require.Equal(t, s.user(id), s.user(strings.Clone(id)))
		require.NotEqual(t, s.user(id), s.user(id+" "))
	})
}

func TestPrefixIsRefused(t *testing.T) {
	for _, bad := range []string{"a.b", "*", ">", "a b", strings.Repeat("x", 33), "é"} {
		_, err := New(t.Context(), &Options{Prefix: bad})
		require.ErrorContains(t, err, "prefix")
	}
}

func messages() *rapid.Generator[*wsruntime.BusMessage] {
	return rapid.Custom(func(t *rapid.T) *wsruntime.BusMessage {
		m := &wsruntime.BusMessage{
			Type: rapid.String().Draw(t, "type"), Thread: wsruntime.ThreadID(rapid.String().Draw(t, "thread")), Raw: rapid.Bool().Draw(t, "raw"),
			Op: wsruntime.MessageType(rapid.IntRange(1, 2).Draw(t, "op")), At: rapid.Int64().Draw(t, "at"),
			Data: rapid.SliceOf(rapid.Byte()).Draw(t, "data"),
		}
		user, room := wsruntime.UserID(rapid.StringN(1, 300, -1).Draw(t, "user")), rapid.StringN(1, 300, -1).Draw(t, "room")
		switch rapid.IntRange(0, 5).Draw(t, "kind") {
		case 0:
			m.User = user
		case 1:
			m.Broadcast = true
		case 2:
			m.Room = room
		case 3:
			m.User, m.Revoke = user, true
		case 4:
			m.User, m.Room, m.Join = user, room, true
		default:
			m.User, m.Room, m.Leave = user, room, true
		}
		return m
	})
}

func TestMessagesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := messages().Draw(t, "m")
		got, err := decode(encode(m))
		if err != nil {
			t.Fatal(err)
		}
		require.Equal(t, string(m.Data), string(got.Data))
		got.Data = m.Data
		require.Equal(t, m, got)
	})
}

// FuzzDecode: bytes from the network never panic, and what is read is what would be written.
func FuzzDecode(f *testing.F) {
	f.Add(encode(&wsruntime.BusMessage{User: "alice", Type: "t", Data: []byte("1")}))
	f.Add(encodeMark(&wsruntime.BusMessage{User: "alice", Seq: 7}))
	f.Add([]byte{wireVersion, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err == nil && !isMark(b) && kindOf(m) == kind(b[1]) {
			again, err := decode(encode(m))
			require.NoError(t, err)
			require.Equal(t, m, again)
		}
	})
}

// TestOwner: a message that came by a subject is only taken when its whole id says the same.
func TestOwner(t *testing.T) {
	alice, all, den := &ear{what: kindEvent, id: "alice"}, &ear{what: kindBroadcast}, &ear{what: kindRoom, id: "den"}
	for _, c := range []struct {
		e  *ear
		m  wsruntime.BusMessage
		ok bool
	}{
		{alice, wsruntime.BusMessage{User: "alice"}, true},
		{alice, wsruntime.BusMessage{User: "alice "}, false},
		{alice, wsruntime.BusMessage{}, false},
		{alice, wsruntime.BusMessage{Broadcast: true}, false},
		{alice, wsruntime.BusMessage{User: "alice", Room: "den"}, false},
		{all, wsruntime.BusMessage{Broadcast: true}, true},
		{all, wsruntime.BusMessage{User: "alice"}, false},
		{all, wsruntime.BusMessage{User: "alice", Broadcast: true}, false},
		{den, wsruntime.BusMessage{Room: "den"}, true},
		{den, wsruntime.BusMessage{Room: "Den"}, false},
		{den, wsruntime.BusMessage{Room: "den", User: "alice", Join: true}, false},
	} {
		require.Equal(t, c.ok, c.e.owns(&c.m), "%+v on %+v", c.m, c.e.id)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]Options{
		"Replicas": {Replicas: 2}, "MaxBytes": {MaxBytes: -1}, "Buffer": {Buffer: -1}, "CutOff": {CutOff: -1}, "PublishTimeout": {PublishTimeout: -1},
	} {
		_, err := New(t.Context(), &o)
		require.ErrorContains(t, err, name)
	}
}
