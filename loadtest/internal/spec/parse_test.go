package spec

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

func TestFramesAreTextOrBinary(t *testing.T) {
	for frames, want := range map[string]string{"text": "", "binary": "", "blob": "frames: \"blob\" is not text or binary"} {
		f, err := Parse("f", []byte("target: ws://127.0.0.1:1/\nframes: "+frames))
		require.NoError(t, err)
		require.NoError(t, f.Resolve(nil))
		if err = f.Check("f"); want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, want)
		}
	}
}

func whole(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/whole.yaml")
	require.NoError(t, err)
	return data
}

func TestParseReadsEveryKey(t *testing.T) {
	f, err := Parse("whole.yaml", whole(t))
	require.NoError(t, err)
	require.NoError(t, f.Resolve(nil))
	require.NoError(t, f.Check("whole.yaml"))
	require.Equal(t, 100, f.Users.Count)
	require.Equal(t, "{{.user.id}}", f.Auth.Query["user"])
	require.Len(t, f.Emit, 3)
	require.Equal(t, Rate(50), f.Emit[1].Rate)
	require.Equal(t, "http://127.0.0.1:8080/notify", f.Emit[1].HTTP.Post)
	require.Equal(t, 10, f.Emit[2].Rooms)
	require.Equal(t, "logout", strings.Trim(f.Logout.WS[8:16], `":`))
	require.Equal(t, `"bye"`, f.Logout.Ack.Contains)
	require.Equal(t, Duration(10*time.Second), f.Load.Hold)
	require.Equal(t, List[string]{"all"}, f.Load.Schedules)
	require.Equal(t, uint64(1), *f.Load.Seed)
	require.Equal(t, uint64(0), f.Expect.Loss.N)
	require.Equal(t, "$.token", f.Auth.Login.Take.Values["token"])
	require.True(t, f.Auth.Login.Take.Cookies)
	require.Equal(t, "raw", f.Preset)
}

func TestParseRefusals(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"unknown key":        {"target: ws://h\nusres: 3", "f.yaml:2:1: unknown key usres; did you mean users?"},
		"unknown nested key": {"expect:\n  dupicates: 0", "f.yaml:2:3: unknown key expect.dupicates; did you mean duplicates?"},
		"unknown key in a list": {"emit:\n  - {ws: x}\n  - {ws: y, audeince: room}",
			"f.yaml:3:13: unknown key emit[1].audeince; did you mean audience?"},
		"unknown key in a single element": {"emit: {wss: x}", "f.yaml:1:8: unknown key emit.wss; did you mean ws?"},
		"unknown key beside inlined ones": {"logout: {ws: x, akc: y}", "f.yaml:1:17: unknown key logout.akc; did you mean ack?"},
		"unknown key of a union":          {"users: {cvs: a.csv}", "f.yaml:1:9: unknown key users.cvs; did you mean csv?"},
		"duration":                        {"load: {hold: ten}", `f.yaml:1:14: "ten" is not a duration such as 10s or 200ms`},
		"rate":                            {"load: {rate: 20/y}", `f.yaml:1:14: "20/y" is not a rate such as 20/s`},
		"users in words":                  {"users: many", `f.yaml:1:8: users: "many" is not a number of users and not {csv: FILE}`},
		"no users":                        {"users: 0", `f.yaml:1:8: users: "0", want at least 1`},
		"a list":                          {"- target", "f.yaml:1:1: want a mapping such as target: ws://127.0.0.1:8080/ws"},
		"two documents":                   {"target: ws://h\n---\ntarget: ws://i", "f.yaml: more than one document; leave one"},
		"a key twice":                     {"target: ws://h\ntarget: ws://i", "f.yaml:2:1: mapping key \"target\" already defined at [1:1]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f.yaml", []byte(test.yaml))
			require.EqualError(t, err, test.want)
		})
	}
}

func TestParseSyntaxErrorIsOneLineWithItsPlace(t *testing.T) {
	_, err := Parse("f.yaml", []byte("target: [\nusers: 1"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "\n")
	require.Regexp(t, `^f\.yaml:\d+:\d+: `, err.Error())
}

func TestCheckRefusals(t *testing.T) {
	tests := map[string]struct{ yaml, want string }{
		"no target":       {"users: 1", "target: is missing"},
		"http target":     {"target: http://h", "not a WebSocket address"},
		"two emit kinds":  {"target: ws://h\nemit: {ws: x, exec: [y]}", "emit[0]: want exactly one of ws, http, exec"},
		"from with http":  {"target: ws://h\nemit: {http: {post: http://h}, from: self}", "emit[0].from: goes with ws only"},
		"bad from":        {"target: ws://h\nemit: {ws: x, from: me}", `"me" is not self, other or any`},
		"bad audience":    {"target: ws://h\nemit: {ws: x, audience: rom}", "did you mean room?"},
		"room of none":    {"target: ws://h\nemit: {ws: x, audience: room}", "emit[0].rooms: is missing"},
		"rooms for users": {"target: ws://h\nemit: {ws: x, rooms: 3}", "go with audience: room"},
		"two methods":     {"target: ws://h\nemit: {http: {post: http://h, get: http://h}}", "want exactly one of get, post"},
		"two bodies":      {"target: ws://h\nemit: {http: {post: http://h, json: {}, body: x}}", "at most one of json, form, body"},
		"two matchers":    {"target: ws://h\nready: {contains: x, regex: y}", "ready: want exactly one of contains, regex, json"},
		"bad expression":  {"target: ws://h\nready: {regex: '('}", "is not a regular expression"},
		"bad path":        {"target: ws://h\nready: {json: '$.a['}", "is not a JSON path"},
		"resume by none":  {"target: ws://h\nresume: {session: '(x)'}", "resume: want at least one of"},
		"resume group":    {"target: ws://h\nresume: {ws: x, since: 'n'}", "has no group"},
		"level":           {"target: ws://h\nexpect: {isolation: sesion-isolated}", "did you mean session-isolated?"},
		"order":           {"target: ws://h\nexpect: {order: total}", "is not stream or none"},
		"share":           {"target: ws://h\nexpect: {min_judged: 2}", "is not between 0 and 1"},
		"pattern":         {"target: ws://h\nids: user", "no single %d"},
		"pattern verb":    {"target: ws://h\nids: user-%s", "no %d"},
		"id twice":        {"target: ws://h\nids: [a, b, a]", `"a" stands twice`},
		"logout of none":  {"target: ws://h\nlogout: {ack: x}", "logout: want exactly one of ws, http"},
		"events' first":   {"target: ws://h\nexpect: {events: {last: done}}", "expect.events[0].first: is missing"},
		"events' last":    {"target: ws://h\nexpect: {events: [agent, {first: a}]}", "expect.events[1].last: is missing"},
		"events' ends":    {"target: ws://h\nexpect: {events: {first: a, last: [b, a]}}", `"a" begins a run as well`},
		"events' pair":    {"target: ws://h\nexpect: {events: {first: a, last: b, pairs: {open: c, close: c}}}", "expect.events[0].pairs[0]: want two different types"},
		"events' path":    {"target: ws://h\nexpect: {events: {first: a, last: b, run: '$.a[0]'}}", `"$.a[0]" is not a path of names`},
		"step of none":    {"target: ws://h\nhandshake: {steps: [{}]}", "handshake.steps[0]: want exactly one of send, expect"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("f.yaml", []byte(test.yaml))
			require.NoError(t, err)
			require.NoError(t, f.Resolve(nil))
			require.ErrorContains(t, f.Check("f.yaml"), test.want)
		})
	}
}

func TestPresetsAreFilesOfTheSameForm(t *testing.T) {
	require.Equal(t, []string{"centrifugo", "graphql-ws", "raw", "socketio", "wsmig"}, Presets())
	for _, name := range Presets() {
		f, err := Preset(name, nil)
		require.NoError(t, err)
		f.Target = List[string]{"ws://127.0.0.1:1/"}
		require.NoError(t, f.Check(name))
	}
	_, err := Preset("rwa", nil)
	require.EqualError(t, err, `preset: unknown preset "rwa"; did you mean raw? there are centrifugo, graphql-ws, raw, socketio, wsmig, and files`)
}

func TestMergeKeepsWhatTheFileSays(t *testing.T) {
	f, err := Parse("f.yaml", []byte("target: ws://h\npreset: wsmig\nauth: {header: {X-User: '{{.user.id}}'}}"))
	require.NoError(t, err)
	require.NoError(t, f.Resolve(nil))
	require.Empty(t, f.Auth.Query, "a key of the file replaces the preset's whole")
	require.NotNil(t, f.Resume)
	own := func(string) ([]byte, error) { return []byte("ready: mine"), nil }
	f = &File{Target: List[string]{"ws://h"}, Preset: "./mine.yaml"}
	require.NoError(t, f.Resolve(own))
	require.Equal(t, "mine", f.Ready.Contains)
}

func TestSchemaAcceptsWhatParseAccepts(t *testing.T) {
	text, err := Schema()
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("config.json", document))
	schema, err := compiler.Compile("config.json")
	require.NoError(t, err)
	validate := func(data []byte) error {
		asJSON, err := yaml.YAMLToJSON(data)
		require.NoError(t, err)
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		require.NoError(t, err)
		return schema.Validate(value)
	}
	require.NoError(t, validate(whole(t)))
	for _, name := range Presets() {
		data, err := presetFiles.ReadFile("presets/" + name + ".yaml")
		require.NoError(t, err)
		require.NoError(t, validate(data), name)
	}
	require.NoError(t, validate([]byte("target: ws://h\nusers: {csv: a.csv}\nemit: {ws: x}\nids: 'u%d'\nready: {json: {$.a: 1}}")))
	require.Error(t, validate([]byte("usres: 3")))
	require.Error(t, validate([]byte("users: many")))
	require.True(t, json.Valid(text))
}

func TestJSONPaths(t *testing.T) {
	frame := []byte(`{"a":{"b":[1,{"c":"deep"}]},"n":12345678901234567890,"z":null,"t":true}`)
	for path, want := range map[string]string{
		"$.a.b[1].c": "deep", "a.b[0]": "1", "$.n": "12345678901234567890", "$.z": "", "$.t": "true", "$.a.b": `[1,{"c":"deep"}]`,
	} {
		p, err := ParsePath(path)
		require.NoError(t, err, path)
		got, ok := p.Find(frame)
		require.True(t, ok, path)
		require.Equal(t, want, got, path)
	}
	for _, path := range []string{"$.nope", "$.a.b[7]", "$.a[0]", "$.t.x"} {
		p, err := ParsePath(path)
		require.NoError(t, err, path)
		_, ok := p.Find(frame)
		require.False(t, ok, path)
	}
	for _, path := range []string{"$.", "$..a", "$.a[x]", "$.a[1"} {
		_, err := ParsePath(path)
		require.Error(t, err, path)
	}
	p, err := ParsePath("$.a")
	require.NoError(t, err)
	_, ok := p.Find([]byte("no json"))
	require.False(t, ok)
}

func TestCounts(t *testing.T) {
	var none *Count
	require.True(t, none.Exceeded(1))
	require.False(t, none.Exceeded(0))
	require.False(t, (&Count{N: 2}).Exceeded(2))
	require.True(t, (&Count{N: 2}).Exceeded(3))
	require.False(t, (&Count{Any: true}).Exceeded(1000))
}

func FuzzParse(f *testing.F) {
	f.Add(whole(f))
	f.Add([]byte("emit: [{ws: x}]\nusers: {csv: a}"))
	f.Add([]byte("? [a]\n: &x *x"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Parse("fuzz.yaml", data)
		if err != nil {
			require.NotContains(t, err.Error(), "\n")
			return
		}
		if file.Resolve(nil) == nil {
			_ = file.Check("fuzz.yaml")
		}
	})
}
