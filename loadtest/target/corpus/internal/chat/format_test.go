package chat

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestFormatsReadWhatClientsSay(t *testing.T) {
	tests := map[string]struct {
		format Format
		text   string
		want   Command
	}{
		"json send":      {JSON, `{"type":"send","to":"a","text":"hi"}`, Command{Verb: Send, To: "a", Text: "hi"}},
		"json request":   {JSON, `{"type":"request","id":"7","q":"why"}`, Command{Verb: Ask, ID: "7", Q: "why"}},
		"json login":     {JSON, `{"type":"login","user":"a","token":"t"}`, Command{Verb: Login, User: "a", Token: "t"}},
		"line message":   {Lines, `msg|a%7Cb|x|y`, Command{Verb: Send, To: "a|b", Text: "x|y"}},
		"line auth":      {Lines, `auth|a+b|t`, Command{Verb: Login, User: "a b", Token: "t", Text: "t"}},
		"line question":  {Lines, `ask|7|why`, Command{Verb: Ask, ID: "7", Q: "why", Text: "why"}},
		"line room":      {Lines, `say|red|hi`, Command{Verb: Say, Room: "red", Text: "hi"}},
		"line goodbye":   {Lines, `quit||`, Command{Verb: Logout}},
		"record":         {Records, `SEND 5:a:,b:,hi, all`, Command{Verb: Send, To: "a:,b:", Text: "hi, all"}},
		"record login":   {Records, `LOGN 1:a,t`, Command{Verb: Login, User: "a", Token: "t", To: "a", Text: "t"}},
		"record ask":     {Records, `ASKQ 1:7,why`, Command{Verb: Ask, ID: "7", Q: "why", To: "7", Text: "why"}},
		"record room":    {Records, `JOIN 3:red,`, Command{Verb: Join, Room: "red", To: "red"}},
		"record goodbye": {Records, `QUIT 0:,`, Command{Verb: Logout}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cmd, err := test.format.Decode([]byte(test.text))
			require.NoError(t, err)
			require.Equal(t, test.want, *cmd)
		})
	}
}

func TestFormatsRefuseWhatIsNone(t *testing.T) {
	for _, text := range []string{"", "msg", "msg|a", "nope|a|b", "msg|%zz|b"} {
		_, err := Lines.Decode([]byte(text))
		require.ErrorIs(t, err, errLine, text)
	}
	for _, text := range []string{"", "SEND", "SEND 3", "SEND x:a,b", "SEND -1:,b", "SEND 9:a,b", "SEND 1:ab", "NOPE 0:,", "SEND 1:a"} {
		_, err := Records.Decode([]byte(text))
		require.ErrorIs(t, err, errRecord, text)
	}
	_, err := JSON.Decode([]byte("no"))
	require.Error(t, err)
}

// kinds are all events that a client can get.
var kinds = []Kind{Ready, Bye, Message, Notice, Said, Reply, Sent, Joined, Left, Here, Failed}

func TestFormatsHaveAFormForEveryEvent(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range kinds {
		require.Len(t, recordKinds[kind], 4, kind)
		require.NotEmpty(t, lineKinds[kind], kind)
		for _, name := range []string{recordKinds[kind], lineKinds[kind]} {
			require.False(t, seen[name], name)
			seen[name] = true
		}
	}
}

func TestEventsAsJSON(t *testing.T) {
	f := JSON.Encode(&Event{Kind: Notice, Text: "a<b>&", Profile: json.RawMessage(`{"email":"x"}`)})
	require.Equal(t, websocket.TextMessage, f.Kind)
	require.Equal(t, `{"type":"notify","text":"a<b>&","profile":{"email":"x"}}`, string(f.Data))
	broken := JSON.Encode(&Event{Kind: Notice, Profile: json.RawMessage(`{`)})
	require.Equal(t, `{"type":"error"}`, string(broken.Data))
}

func TestEventsAsLines(t *testing.T) {
	for want, ev := range map[string]Event{
		"ready|a|token":    {Kind: Ready, From: "a", Session: "token"},
		"msg|a%7Cb|x|y":    {Kind: Message, From: "a|b", Text: "x|y"},
		"ans|7|because":    {Kind: Reply, ID: "7", Text: "because"},
		"said|red|hi":      {Kind: Said, Room: "red", From: "a", Text: "hi"},
		"note||3|the text": {Kind: Notice, N: 3, Text: "the text"},
	} {
		require.Equal(t, want, string(Lines.Encode(&ev).Data))
	}
}

func TestAnyIDAndTextSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id, text := rapid.String().Draw(t, "id"), rapid.String().Draw(t, "text")
		for format, frame := range map[Format]string{
			Lines:   "msg|" + url.QueryEscape(id) + "|" + text,
			Records: fmt.Sprintf("SEND %d:%s,%s", len(id), id, text),
		} {
			cmd, err := format.Decode([]byte(frame))
			require.NoError(t, err)
			require.Equal(t, id, cmd.To)
			require.Equal(t, text, cmd.Text)
		}
		record := Records.Encode(&Event{Kind: Message, From: id, Text: text}).Data
		n := int(binary.BigEndian.Uint16(record[4:]))
		require.Equal(t, "MESG", string(record[:4]))
		require.Equal(t, id, string(record[6:6+n]))
		require.Equal(t, text, string(record[10+n:]))
		require.Equal(t, len(text), int(binary.BigEndian.Uint32(record[6+n:])))
	})
}

func TestRecordsCutALongID(t *testing.T) {
	record := AppendRecord(nil, Message, strings.Repeat("x", 70_000), "text")
	require.Len(t, record, 4+2+65_535+4+4)
}

func FuzzDecode(f *testing.F) {
	for _, text := range []string{`{"type":"send","to":"a"}`, "msg|a|b", "SEND 1:a,b", "SEND 99999999999999999999:a,b", "ask|%41|"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []Format{JSON, Lines, Records} {
			cmd, err := format.Decode(data)
			if format != JSON && err == nil {
				require.LessOrEqual(t, len(cmd.To)+len(cmd.Room), 2*len(data))
			}
		}
	})
}
