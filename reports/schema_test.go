package reports_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

var formats = map[string]reflect.Type{
	"result": reflect.TypeFor[result.Result](),
	"lint":   reflect.TypeFor[findings.Result](),
	"ledger": reflect.TypeFor[ledger.Ledger](),
}

func schemaFile(name string) string  { return filepath.Join("schema", name+".schema.json") }
func exampleFile(name string) string { return filepath.Join("schema", name+".example.json") }

func compile(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	schema, err := compiler.Compile(schemaFile(name))
	require.NoError(t, err)
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, data []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	require.NoError(t, err)
	return schema.Validate(value)
}

// TestExamples holds the published examples to three things at once: they are
// valid, they read, and they are written back as they stand.
func TestExamples(t *testing.T) {
	for name := range formats {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(exampleFile(name))
			require.NoError(t, err)
			require.NoError(t, validate(t, compile(t, name), data))
			d, err := reports.Read(bytes.NewReader(data))
			require.NoError(t, err)
			require.JSONEq(t, string(data), string(rewritten(t, d)))
		})
	}
}

func rewritten(t *testing.T, d *reports.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	switch {
	case d.Result != nil:
		require.NoError(t, reports.JSON(&b, d.Result, nil))
	case d.Lint != nil:
		require.NoError(t, reports.LintJSON(&b, d.Lint, nil))
	default:
		require.NoError(t, reports.LedgerJSON(&b, d.Ledger, nil))
	}
	return b.Bytes()
}

func TestWrittenFilesAreValid(t *testing.T) {
	var b bytes.Buffer
	for seed := range uint64(5) {
		b.Reset()
		require.NoError(t, reports.JSON(&b, sample.Result(seed, 3+int(seed)*7), nil))
		require.NoError(t, validate(t, compile(t, "result"), b.Bytes()))
		b.Reset()
		require.NoError(t, reports.LintJSON(&b, sample.Lint(seed, 5*int(seed)), nil))
		require.NoError(t, validate(t, compile(t, "lint"), b.Bytes()))
		b.Reset()
		require.NoError(t, reports.LedgerJSON(&b, sample.Ledger(seed, 5*int(seed)), nil))
		require.NoError(t, validate(t, compile(t, "ledger"), b.Bytes()))
	}
	b.Reset()
	require.NoError(t, reports.JSON(&b, &result.Result{Verdict: result.Pass, Runs: []result.Run{{Name: "bare", Verdict: result.Pass, Level: "none"}}}, nil))
	require.NoError(t, validate(t, compile(t, "result"), b.Bytes()), "what Go leaves nil is written as empty")
}

// TestSchemasFollowTheTypes walks schema and Go type side by side: the same
// fields, optional in one where they are in the other, and a description each.
func TestSchemasFollowTheTypes(t *testing.T) {
	for name, typ := range formats {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(schemaFile(name))
			require.NoError(t, err)
			var root map[string]any
			require.NoError(t, json.Unmarshal(data, &root))
			walkSchema(t, root, root, typ, name)
		})
	}
}

func walkSchema(t *testing.T, root, node map[string]any, typ reflect.Type, where string) {
	t.Helper()
	if target, ok := node["$ref"].(string); ok {
		defs := root["$defs"].(map[string]any)
		node = defs[strings.TrimPrefix(target, "#/$defs/")].(map[string]any)
	}
	require.NotEmpty(t, node["description"], where)
	switch typ.Kind() {
	case reflect.Pointer:
		walkSchema(t, root, node, typ.Elem(), where)
	case reflect.Slice:
		if items, ok := node["items"].(map[string]any); ok && typ.Elem().Kind() != reflect.String {
			walkSchema(t, root, items, typ.Elem(), where+"[]")
		}
	case reflect.Struct:
		if properties, ok := node["properties"].(map[string]any); ok {
			walkFields(t, root, node, properties, typ, where)
		}
	}
}

func walkFields(t *testing.T, root, node, properties map[string]any, typ reflect.Type, where string) {
	t.Helper()
	var names, required []string
	for i := range typ.NumField() {
		tag, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		names = append(names, tag)
		if options != "omitempty" {
			required = append(required, tag)
		}
		require.Contains(t, properties, tag, where)
		walkSchema(t, root, properties[tag].(map[string]any), typ.Field(i).Type, where+"."+tag)
	}
	require.ElementsMatch(t, names, slices.Collect(maps.Keys(properties)), where)
	require.ElementsMatch(t, required, node["required"], where)
	require.Equal(t, false, node["additionalProperties"], where)
}

// TestExamplesShowEveryField keeps the examples complete as fields are added.
func TestExamplesShowEveryField(t *testing.T) {
	for name, typ := range formats {
		data, err := os.ReadFile(exampleFile(name))
		require.NoError(t, err)
		var value any
		require.NoError(t, json.Unmarshal(data, &value))
		seen := map[string]bool{}
		keysOf(value, seen)
		requireKeys(t, typ, seen, name)
	}
}

func keysOf(value any, seen map[string]bool) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			keysOf(item, seen)
		}
	case map[string]any:
		for key, item := range v {
			seen[key] = true
			keysOf(item, seen)
		}
	}
}

func requireKeys(t *testing.T, typ reflect.Type, seen map[string]bool, where string) {
	t.Helper()
	switch typ.Kind() {
	case reflect.Pointer, reflect.Slice:
		requireKeys(t, typ.Elem(), seen, where)
	case reflect.Struct:
		for i := range typ.NumField() {
			if tag, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ","); tag != "" {
				require.True(t, seen[tag], "%s.%s is in no example", where, tag)
				requireKeys(t, typ.Field(i).Type, seen, where+"."+tag)
			}
		}
	}
}

// TestSchemasCanSayNo breaks an example in ways that a producer might.
func TestSchemasCanSayNo(t *testing.T) {
	for name := range formats {
		data, err := os.ReadFile(exampleFile(name))
		require.NoError(t, err)
		schema := compile(t, name)
		for _, edit := range [][2]string{
			{`"schema": "wsmig.`, `"schema": "acme.`}, {`"schema":`, `"scheme":`}, {`[]`, `null`}, {`"seconds":`, `"seconds": "1", "x":`},
			{`"stage": "move"`, `"stage": "moved"`}, {`"verdict": "pass"`, `"verdict": "fine"`}, {`"line": 29`, `"line": -1`}, {`"role": "user-send"`, `"role": "send"`},
		} {
			broken := strings.Replace(string(data), edit[0], edit[1], 1)
			if broken == string(data) {
				continue
			}
			require.Error(t, validate(t, schema, []byte(broken)), "%s with %s", name, edit[1])
		}
	}
}

func TestSchemasListTheEnumerationsOfTheCode(t *testing.T) {
	lint, err := os.ReadFile(schemaFile("lint"))
	require.NoError(t, err)
	for _, form := range []findings.Form{findings.OnceGetter, findings.LazyGetter, findings.OnceValue, findings.Atomic, findings.Var, findings.Literal, findings.Init, findings.SetLater, findings.Map,
		findings.Channels, findings.PackageFunctions, findings.Interface, findings.Field, findings.Alias, findings.Embedded, findings.Generic, findings.Locator, findings.LastConnection} {
		require.Contains(t, string(lint), `"`+string(form)+`"`)
	}
	migration, err := os.ReadFile(schemaFile("ledger"))
	require.NoError(t, err)
	for _, reason := range []ledger.Reason{ledger.AddresseeUnknown, ledger.InsideMessage, ledger.OtherModule, ledger.Generated, ledger.Cgo, ledger.BuildTag, ledger.TestDouble, ledger.Conflict,
		ledger.WouldNotCompile, ledger.Broadcast, ledger.Escape, ledger.Query, ledger.Lifecycle, ledger.Registration, ledger.Declaration, ledger.Internal, ledger.NotSelected, ledger.RegistryShape,
		ledger.StageLimit, ledger.GateReentrant, ledger.UnsupportedShape} {
		require.Contains(t, string(migration), `"`+string(reason)+`"`)
	}
}
