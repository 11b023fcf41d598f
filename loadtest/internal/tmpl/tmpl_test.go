package tmpl

import (
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"encoding/json"
	"net/url"
)

var noon = time.Unix(1_800_000_000, 0)

func newSet() *Set {
	return NewSet(map[string]string{"KEY": "s3cret"}, func() time.Time { return noon })
}

func render(t *testing.T, text string, place Place, v *Values) string {
	t.Helper()
	compiled, err := newSet().Compile(text, place)
	require.NoError(t, err)
	out, err := compiled.Render(v, func(field uint8) string { return "<" + string('0'+rune(field)) + ">" })
	require.NoError(t, err)
	return string(out)
}

func TestValuesAreEscapedForWhereTheyStand(t *testing.T) {
	odd := &Values{User: map[string]string{"id": "a \"b\"\n/?é"}, Since: "12", Session: ""}
	tests := map[string]struct {
		text  string
		place Place
		want  string
	}{
		"json string":       {`{"to":"{{.user.id}}"}`, Frame, `{"to":"a \"b\"\n/?é"}`},
		"behind a quote":    {`{"a":"\"","to":"{{.user.id}}"}`, Frame, `{"a":"\"","to":"a \"b\"\n/?é"}`},
		"json number":       {`{"n":{{.since}}}`, Frame, `{"n":12}`},
		"json nothing":      {`{"n":{{.session}}}`, Frame, `{"n":null}`},
		"json bare text":    {`{"n":{{.user.id}}}`, Frame, `{"n":"a \"b\"\n/?é"}`},
		"array":             {`["{{.since}}",{{.since}}]`, Frame, `["12",12]`},
		"socket.io":         {`42["send",{"to":"{{.user.id}}"}]`, Frame, `42["send",{"to":"a \"b\"\n/?é"}]`},
		"plain text frame":  {`SEND {{.since}}`, Frame, `SEND 12`},
		"first is a value":  {`{{.since}} {`, Frame, `12 {`},
		"raw":               {`{"x":"{{raw .user.id}}"}`, Frame, "{\"x\":\"a \"b\"\n/?é\"}"},
		"query":             {`http://h/p?x={{.user.id}}`, Address, `http://h/p?x=a+%22b%22%0A%2F%3F%C3%A9`},
		"path":              {`http://h/{{.user.id}}/n`, Address, `http://h/a%20%22b%22%0A%2F%3F%C3%A9/n`},
		"host":              {`http://{{.since}}/n`, Address, `http://12/n`},
		"plain":             {`{{.user.id}}`, Plain, "a \"b\"\n/?é"},
		"header":            {`Bearer {{.since}}`, Header, `Bearer 12`},
		"canaries":          {`{"a":"{{canary}}","b":"{{canary "email"}}","c":"{{canary "email"}}"}`, Frame, `{"a":"<0>","b":"<1>","c":"<1>"}`},
		"both branches":     {`{"a":"{{if .since}}{{.since}}{{else}}{{.device}}{{end}}","b":"{{.user.id}}"}`, Frame, `{"a":"12","b":"a \"b\"\n/?é"}`},
		"no action":         {`{"a":1}`, Frame, `{"a":1}`},
		"login value":       {`{{.id}}{{.user.id}}`, Plain, "a \"b\"\n/?é"},
		"printf in strings": {`{"a":"{{printf "%s-%s" .since .since}}"}`, Frame, `{"a":"12-12"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, render(t, test.text, test.place, odd))
		})
	}
}

func TestWhatALoginTookStandsAtTheTopToo(t *testing.T) {
	v := &Values{User: map[string]string{"id": "u1", "jwt_token": "T"}, ID: "q-1"}
	require.Equal(t, "T T q-1", render(t, "{{.jwt_token}} {{.user.jwt_token}} {{.id}}", Plain, v))
}

func TestChannelsRefuseWhatTheyCannotCarry(t *testing.T) {
	for place, ids := range map[Place][]string{
		Header: {"a ", " a", "a\nb", "a\x7f"},
		Cookie: {"a b", "a;b", `a"b`, "é"},
		Token:  {"", "a b", "a/b", "é"},
		Frame:  {"\xff"},
	} {
		for _, id := range ids {
			require.Error(t, Carries(place, id), "%q", id)
			text, err := newSet().Compile(`"{{.user.id}}"`, place)
			require.NoError(t, err)
			_, err = text.String(&Values{User: map[string]string{"id": id}})
			require.Error(t, err, "%q", id)
		}
		require.NoError(t, Carries(place, "u00001"))
	}
	require.NoError(t, Carries(Plain, "\xff"))
}

func TestFunctions(t *testing.T) {
	v := &Values{User: map[string]string{"id": "u1"}}
	require.Equal(t, "s3cret", render(t, `{{env "KEY"}}`, Plain, v))
	require.Equal(t, "1800000000 1800003600", render(t, `{{now}} {{in "1h"}}`, Plain, v))
	require.Equal(t, "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8",
		render(t, `{{hmac "SHA256" "key" "The quick brown fox jumps over the lazy dog"}}`, Plain, v))
	v.User["id"] = "ü?1"
	require.Equal(t, "w7w/MQ== w7w_MQ c3bc3f31", strings.Join(strings.Fields(render(t, `{{base64 .user.id}} {{base64url .user.id}} {{hex .user.id}}`, Plain, v)), " "))
	v.User["id"] = "u1"
	for _, claims := range []string{`(dict "sub" .user.id "exp" (in "1h"))`, `"sub" .user.id "exp" (in "1h")`, `(printf "{\"sub\":%q,\"exp\":1800003600}" .user.id)`} {
		token := render(t, `{{jwt "HS256" (env "KEY") `+claims+`}}`, Header, v)
		parsed, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte("s3cret"), nil }, jwt.WithTimeFunc(func() time.Time { return noon }))
		require.NoError(t, err, claims)
		subject, err := parsed.Claims.GetSubject()
		require.NoError(t, err)
		require.Equal(t, "u1", subject)
	}
}

func TestMistakesAreSaid(t *testing.T) {
	for text, want := range map[string]string{
		`{{.user.nmae}}`:               `map has no entry for key "nmae"`,
		`{{.usr.id}}`:                  `map has no entry for key "usr"`,
		`{{env "HOME"}}`:               `list it under secrets`,
		`{{in "soon"}}`:                `not a duration`,
		`{{jwt "HS999" "x" "{}"}}`:     `unknown algorithm`,
		`{{jwt "none" "x" "{}"}}`:      `unknown algorithm`,
		`{{jwt "HS256" "x" "claims"}}`: `neither a dict nor a JSON object`,
		`{{jwt "RS256" "x" "{}"}}`:     `is no key for RS256`,
		`{{hmac "CRC" "x" "y"}}`:       `unknown algorithm`,
		`{{dict "a"}}`:                 `names and values in turn`,
	} {
		compiled, err := newSet().Compile(text, Plain)
		require.NoError(t, err, text)
		_, err = compiled.String(&Values{User: map[string]string{"id": "u1"}})
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\n")
	}
	for text, want := range map[string]string{
		`{{.user.id`:       "unclosed action",
		`{{nope}}`:         `function "nope" not defined`,
		`{{canary .id}}`:   "at most one field name in quotes",
		`{{canary 1 "a"}}`: "at most one field name in quotes",
	} {
		_, err := newSet().Compile(text, Plain)
		require.ErrorContains(t, err, want, text)
	}
	compiled, err := newSet().Compile("{{canary}}", Plain)
	require.NoError(t, err)
	_, err = compiled.String(&Values{})
	require.ErrorContains(t, err, "it marks events")
}

func TestFieldsAreNumberedOnceForTheWholeSet(t *testing.T) {
	set := newSet()
	a, err := set.Compile(`{{canary "email"}}{{canary "token"}}`, Plain)
	require.NoError(t, err)
	b, err := set.Compile(`{{canary "token"}}{{canary}}`, Plain)
	require.NoError(t, err)
	first, err := a.Prepare(&Values{})
	require.NoError(t, err)
	second, err := b.Prepare(&Values{})
	require.NoError(t, err)
	require.Equal(t, []uint8{1, 2}, first.Fields())
	require.Equal(t, []uint8{2, 0}, second.Fields())
	require.Equal(t, "email", set.FieldName(1))
	require.Empty(t, set.FieldName(0))
	_, err = set.Compile(strings.Join(fields(31), ""), Plain)
	require.ErrorContains(t, err, "more than 29 named fields")
}

func fields(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = `{{canary "f` + strings.Repeat("x", i) + `"}}`
	}
	return out
}

func TestPreparedEqualsRendered(t *testing.T) {
	v := &Values{User: map[string]string{"id": "u1"}, Device: "d1"}
	mint := func(field uint8) string { return "[" + string('a'+rune(field)) + "]" }
	fill := func(dst []byte, field uint8) []byte { return append(dst, mint(field)...) }
	for _, text := range []string{
		`{"a":"{{canary}}","b":"{{canary "x"}}","to":"{{.user.id}}"}`, `{{canary}}`, `none`, ``,
		`{"t":{{now}},"c":"{{canary}}"}`, `{{hmac "SHA256" "k" (canary)}}`,
	} {
		compiled, err := newSet().Compile(text, Frame)
		require.NoError(t, err)
		want, err := compiled.Render(v, mint)
		require.NoError(t, err)
		prepared, err := compiled.Prepare(v)
		require.NoError(t, err)
		for range 2 {
			got, err := prepared.Append([]byte("^"), fill)
			require.NoError(t, err)
			require.Equal(t, "^"+string(want), string(got), text)
		}
	}
}

func TestUses(t *testing.T) {
	compiled, err := newSet().Compile(`{{if .device}}{{.user.token}}{{end}}{{printf "%s" (print .id)}}`, Plain)
	require.NoError(t, err)
	for _, name := range []string{"device", "user", "user.token", "id", "printf"} {
		require.True(t, compiled.Uses(name), name)
	}
	require.False(t, compiled.Uses("room"))
}

func TestAnyTextSurvivesAJSONStringAndAnAddress(t *testing.T) {
	frame, err := newSet().Compile(`{"to":"{{.user.id}}","n":1}`, Frame)
	require.NoError(t, err)
	address, err := newSet().Compile(`http://h/p/{{.user.id}}?q={{.user.id}}`, Address)
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.String().Draw(t, "id")
		v := &Values{User: map[string]string{"id": id}}
		text, err := frame.String(v)
		require.NoError(t, err)
		var decoded struct{ To string }
		require.NoError(t, json.Unmarshal([]byte(text), &decoded))
		require.Equal(t, id, decoded.To)
		text, err = address.String(v)
		require.NoError(t, err)
		parsed, err := url.Parse(text)
		require.NoError(t, err)
		require.Equal(t, id, parsed.Query().Get("q"))
		require.Equal(t, "/p/"+id, parsed.Path)
	})
}

func BenchmarkPreparedAppend(b *testing.B) {
	compiled, err := newSet().Compile(`{"type":"send","to":"{{.user.id}}","text":"{{canary}}"}`, Frame)
	require.NoError(b, err)
	prepared, err := compiled.Prepare(&Values{User: map[string]string{"id": "u00001"}})
	require.NoError(b, err)
	fill := func(dst []byte, _ uint8) []byte { return append(dst, gap...) }
	buf := make([]byte, 0, 256)
	for b.Loop() {
		buf, err = prepared.Append(buf[:0], fill)
		require.NoError(b, err)
	}
}
