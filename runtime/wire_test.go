package runtime_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestEnvelope(t *testing.T) {
	f := newFactory(t, nil)
	ws := runtimetest.Pipe(t, f, "alice")
	em := emitter(t, f, "alice")
	_, ready, err := ws.ReadMessage()
	require.NoError(t, err)
	var r struct{ Epoch, Session string }
	require.NoError(t, json.Unmarshal(ready, &r))
	require.Equal(t, fmt.Sprintf(`{"v":1,"type":"wsmig.ready","epoch":"%s","seq":0,"session":"%s"}`, r.Epoch, r.Session), string(ready))

	before := time.Now()
	require.NoError(t, em.For("t\"1").Emit(t.Context(), wsruntime.Event{Type: "a<b", Data: map[string]int{"x": 1}}))
	mt, p, err := ws.ReadMessage()
	require.NoError(t, err)
	require.Equal(t, websocket.TextMessage, mt)
	var e struct{ ID, TS string }
	require.NoError(t, json.Unmarshal(p, &e))
	require.NotEmpty(t, e.ID)
	require.Equal(t, `{"v":1,"type":"a\u003cb","id":"`+e.ID+`","seq":1,"epoch":"`+r.Epoch+`","thread":"t\"1","ts":"`+e.TS+`","data":{"x":1}}`, string(p))
	at, err := time.Parse(time.RFC3339Nano, e.TS)
	require.NoError(t, err)
	require.WithinRange(t, at, before.Add(-time.Millisecond), time.Now())

	require.NoError(t, em.Emit(t.Context(), wsruntime.Event{Type: "none"}))
	_, p, err = ws.ReadMessage()
	require.NoError(t, err)
	require.NotContains(t, string(p), "thread")
	require.Contains(t, string(p), `"seq":2,`)
	require.True(t, bytes.HasSuffix(p, []byte(`"data":null}`)), string(p))
}

// TestConnEmit: an answer to one connection is outside the stream.
func TestConnEmit(t *testing.T) {
	f := newFactory(t, nil)
	first, second := runtimetest.Record(t, f, "alice"), runtimetest.Record(t, f, "alice")
	second.WaitType("wsmig.ready")
	em := emitter(t, f, "alice")
	c := conn(t, f, em)
	require.NoError(t, c.Emit(t.Context(), event("answer")))
	require.NoError(t, c.EmitRaw(t.Context(), wsruntime.TextMessage, []byte("raw answer")))
	require.NoError(t, em.Emit(t.Context(), event("both")))
	got := first.Wait(3)
	require.Equal(t, `"answer"`, string(got[0].Data))
	require.Zero(t, got[0].Seq)
	require.Equal(t, "raw answer", string(got[1].Raw))
	require.EqualValues(t, 1, got[2].Seq)
	require.Equal(t, []string{`"both"`}, datas(second.Wait(1)))
	require.ErrorIs(t, c.Emit(t.Context(), event(make(chan int))), wsruntime.ErrEncode)
	require.NoError(t, c.Close(4000, "bye"))
	require.ErrorIs(t, c.Emit(t.Context(), event(1)), wsruntime.ErrNoConnection)
	require.Equal(t, 4000, first.WaitClosed())
	for _, code := range []int{0, 999, 1005, 1006, 1015, 5000} {
		require.ErrorContains(t, c.Close(code, ""), "wsmig: ")
	}
	require.ErrorContains(t, c.Close(1000, strings.Repeat("x", 124)), "reason")
}

// TestRawBytes: with Raw framing the bytes of the connection are the application's, to the bit.
func TestRawBytes(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{Framing: wsruntime.Raw})
	ws := runtimetest.Pipe(t, f, "alice")
	em := emitter(t, f, "alice")
	conn(t, f, em)
	var want []byte
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 70000} {
		p := bytes.Repeat([]byte{'a' + byte(n%26)}, n)
		require.NoError(t, em.EmitRaw(t.Context(), wsruntime.BinaryMessage, p))
		want = append(want, header(0x82, n)...)
		want = append(want, p...)
	}
	require.NoError(t, em.EmitJSON(t.Context(), map[string]string{"a": "<b>"}))
	line := "{\"a\":\"\\u003cb\\u003e\"}\n"
	want = append(want, header(0x81, len(line))...)
	want = append(want, line...)
	require.NoError(t, em.Emit(t.Context(), wsruntime.Event{Type: "t", Data: 12}))
	want = append(want, 0x81, 2, '1', '2')
	got := make([]byte, len(want))
	_, err := io.ReadFull(ws.NetConn(), got)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func header(first byte, n int) []byte {
	switch {
	case n < 126:
		return []byte{first, byte(n)}
	case n < 65536:
		return []byte{first, 126, byte(n >> 8), byte(n)}
	}
	return []byte{first, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// TestEmitJSONIsWriteJSON compares with what gorilla itself writes.
func TestEmitJSONIsWriteJSON(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{Framing: wsruntime.Raw})
	r := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice")
	conn(t, f, em)
	v := struct {
		A string   `json:"a"`
		B []string `json:"b,omitempty"`
		C any
	}{"<&>\u2028é", nil, 1.5}
	require.NoError(t, em.EmitJSON(t.Context(), v))
	var b bytes.Buffer
	require.NoError(t, json.NewEncoder(&b).Encode(v)) // WriteJSON's body
	require.Equal(t, b.String(), string(r.Wait(1)[0].Raw))
	require.ErrorIs(t, em.EmitJSON(t.Context(), make(chan int)), wsruntime.ErrEncode)
}

func TestAppendTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(-1<<35, 1<<37).Draw(t, "s"), rapid.Int64Range(0, 999999999).Draw(t, "ns"))
		require.Equal(t, at.UTC().Format(time.RFC3339Nano), string(wsruntime.AppendTime(nil, at)))
	})
}

func TestAppendString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		want, err := json.Marshal(s)
		require.NoError(t, err)
		require.Equal(t, string(want), string(wsruntime.AppendString(nil, s)))
	})
}
