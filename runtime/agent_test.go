package runtime_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/runtimetest"
)

func TestAgentEvents(t *testing.T) {
	f := newFactory(t, nil)
	r := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice").For("thread-1")
	conn(t, f, em)
	ctx := t.Context()
	for _, err := range []error{
		em.AgentStarted(ctx, "planner", "run-1"),
		em.AgentThinking(ctx, "planner", "run-1", "hm"),
		em.ToolExecuting(ctx, "planner", "run-1", "search", map[string]any{"q": "go", "token": "t0p", "n": 12345678901234567}),
		em.ToolCompleted(ctx, "planner", "run-1", "search", []string{"a"}),
		em.Progress(ctx, "planner", "run-1", 250, "nearly"),
		em.AgentCompleted(ctx, "planner", "run-1", map[string]string{"token": "is a word here"}),
		em.AgentError(ctx, "planner", "run-1", errors.New("login failed: password=hunter2")),
		em.AgentError(ctx, "planner", "run-1", nil),
	} {
		require.NoError(t, err)
	}
	want := []string{
		`agent_started {"agent_name":"planner","run_id":"run-1"}`,
		`agent_thinking {"agent_name":"planner","run_id":"run-1","thought":"hm"}`,
		`tool_executing {"agent_name":"planner","run_id":"run-1","tool_name":"search","tool_input":{"n":12345678901234567,"q":"go","token":"[redacted]"}}`,
		`tool_completed {"agent_name":"planner","run_id":"run-1","tool_name":"search","tool_output":["a"]}`,
		`progress {"agent_name":"planner","run_id":"run-1","percent":100,"message":"nearly"}`,
		`agent_completed {"agent_name":"planner","run_id":"run-1","result":{"token":"is a word here"}}`,
		`agent_error {"agent_name":"planner","run_id":"run-1","error":"login failed: password=[redacted]"}`,
		`agent_error {"agent_name":"planner","run_id":"run-1"}`,
	}
	for i, fr := range r.Wait(len(want)) {
		require.Equal(t, want[i], fr.Type+" "+string(fr.Data))
		require.Equal(t, wsruntime.ThreadID("thread-1"), fr.Thread)
	}
	require.ErrorIs(t, em.ToolExecuting(ctx, "a", "r", "t", make(chan int)), wsruntime.ErrEncode)
	require.ErrorIs(t, em.ToolCompleted(ctx, "a", "r", "t", make(chan int)), wsruntime.ErrEncode)
	require.ErrorIs(t, em.Progress(ctx, "a", "r", math.NaN(), ""), wsruntime.ErrEncode)
}

// TestRedaction: exact keys, in any case, at any depth, in lists, in text that is JSON and in prose.
func TestRedaction(t *testing.T) {
	f := newFactory(t, nil)
	r := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice")
	conn(t, f, em)
	mine := map[string]any{
		"Password": "p1", "keyboard": "kept", "token_count": 7, "my_token": "kept", "tokens": "kept",
		"list": []any{map[string]any{"SECRET": []int{1, 2}, "deep": map[string]any{"api_key": nil}}},
		"json": `{"credential":"p2","n":1}`, "plain": "{not json", "Authorization": map[string]string{"Bearer": "p3"},
		"header": "GET / Authorization: Bearer p4, accept: x", "query": "a=1&token=p5&b=2", "quoted": `say "secret": "p 6" ok`,
	}
	before := fmt.Sprint(mine)
	require.NoError(t, em.ToolCompleted(t.Context(), "a", "r", "t", mine))
	require.Equal(t, before, fmt.Sprint(mine), "the caller's value is not touched")
	require.NoError(t, em.Emit(t.Context(), event(mine)))
	got := r.Wait(2)
	require.JSONEq(t, `{"Password":"[redacted]","keyboard":"kept","token_count":7,"my_token":"kept","tokens":"kept",
		"list":[{"SECRET":"[redacted]","deep":{"api_key":"[redacted]"}}],
		"json":"{\"credential\":\"[redacted]\",\"n\":1}","plain":"{not json","Authorization":"[redacted]",
		"header":"GET / Authorization: [redacted], accept: x","query":"a=1&token=[redacted]&b=2","quoted":"say \"secret\": [redacted] ok"}`,
		string(decode[map[string]json.RawMessage](t, got[0].Data)["tool_output"]))
	require.Contains(t, string(got[1].Data), "p1", "Emit sends what it was given")
}

func TestRedactHook(t *testing.T) {
	f := newFactory(t, &wsruntime.Options{Redact: func(key string, v any) any {
		if s, ok := v.(string); ok {
			return key + "=" + strings.ToUpper(s)
		}
		if key == "panic" {
			panic("no")
		}
		if key == "drop" {
			return nil
		}
		return v
	}})
	r := runtimetest.Record(t, f, "alice")
	em := emitter(t, f, "alice")
	conn(t, f, em)
	require.NoError(t, em.ToolExecuting(t.Context(), "a", "r", "t", map[string]any{"x": "y", "password": "seen by the hook", "l": []any{"z"}, "drop": map[string]any{"a": 1}}))
	require.JSONEq(t, `{"x":"x=Y","password":"password=SEEN BY THE HOOK","l":["l=Z"],"drop":null}`,
		string(decode[map[string]json.RawMessage](t, r.Wait(1)[0].Data)["tool_input"]))
	require.NoError(t, em.AgentError(t.Context(), "a", "r", errors.New("boom")))
	require.Contains(t, string(r.Wait(2)[1].Data), "error=BOOM")
	var pe *wsruntime.PanicError
	require.ErrorAs(t, em.ToolExecuting(t.Context(), "a", "r", "t", map[string]any{"panic": 1}), &pe, "what could not be redacted is not sent")
	require.NoError(t, em.Emit(t.Context(), event("end")))
	require.Len(t, r.Wait(3), 3)
}

// TestRedactString: whatever the text around it, a value behind a secret key does not get through.
func TestRedactString(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SampledFrom([]string{"password", "Secret", "TOKEN", "api_key", "authorization", "credential"}).Draw(t, "key")
		value := rapid.StringMatching(`v[0-9a-f]{12}`).Draw(t, "value")
		before := rapid.StringMatching(`[a-z {}\[\]"]{0,20}[ {"&]`).Draw(t, "before")
		shape := rapid.SampledFrom([]string{"%s=%s", "%s: %s", `%s": "%s"`, "%s = '%s'", "%s:Bearer %s", "%s=\"%s\""}).Draw(t, "shape")
		after := rapid.StringMatching(`[ ,;&][a-z ]{0,10}`).Draw(t, "after")
		text := before + fmt.Sprintf(shape, key, value) + after
		require.NotContains(t, wsruntime.RedactString(text), value, text)
	})
}
