package reports_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func TestWhatIsWrittenReadsBackEqual(t *testing.T) {
	var b bytes.Buffer
	want := sample.Result(1, 10)
	require.NoError(t, reports.JSON(&b, want, nil))
	got, err := reports.ReadResult(&b)
	require.NoError(t, err)
	require.Equal(t, want, got)

	b.Reset()
	hostile := sample.HostileResult()
	require.NoError(t, reports.JSON(&b, hostile, nil))
	got, err = reports.ReadResult(&b)
	require.NoError(t, err)
	require.Equal(t, hostile, got, "escaping must not change what a file says")

	b.Reset()
	require.NoError(t, reports.LintJSON(&b, sample.Lint(1, 24), nil))
	lint, err := reports.ReadLint(&b)
	require.NoError(t, err)
	require.Equal(t, sample.Lint(1, 24), lint)

	b.Reset()
	require.NoError(t, reports.LedgerJSON(&b, sample.Ledger(1, 3), nil))
	migration, err := reports.ReadLedger(&b)
	require.NoError(t, err)
	require.Equal(t, sample.Ledger(1, 3).Sites, migration.Sites)
}

func TestReadRefusesWhatIsNotOurs(t *testing.T) {
	const run = `"runs":[{"name":"a","verdict":"pass"}]`
	tests := map[string]struct{ file, want string }{
		"empty":              {"  \n", "the file is empty"},
		"binary":             {"\x00\xff\xfe", "not UTF-8: wsmig writes its files in UTF-8"},
		"not JSON":           {"<html>", "line 1, column 1: not JSON: invalid character '<' looking for beginning of value"},
		"cut off":            {`{"schema":"wsmig.result/v1",`, "line 1, column 28: the file ends in the middle: it was not written to its end"},
		"a list":             {`[]`, "line 1, column 1: the file is a list, which does not fit there"},
		"no schema":          {`{}`, "not a file of wsmig: it has no schema field"},
		"foreign schema":     {`{"schema":"acme/v1"}`, `not a file of wsmig: schema is "acme/v1"`},
		"hostile schema":     {`{"schema":"\u001b[31m"}`, `not a file of wsmig: schema is "\x1b[31m"`},
		"newer version":      {`{"schema":"wsmig.result/v2"}`, `schema is "wsmig.result/v2" and this wsmig reads wsmig.result/v1: another version of wsmig wrote the file`},
		"unknown field":      {`{"schema":"wsmig.result/v1","verdikt":"pass"}`, `unknown field "verdikt"`},
		"wrong type":         {"{\"schema\":\"wsmig.result/v1\",\n \"seconds\":\"7\"}", "line 2, column 14: seconds is a string, which does not fit there"},
		"no verdict":         {`{"schema":"wsmig.result/v1"}`, "verdict is missing"},
		"unknown verdict":    {`{"schema":"wsmig.result/v1","verdict":"fine"}`, `verdict is "fine", not one of pass, inconclusive, violated`},
		"run without name":   {`{"schema":"wsmig.result/v1","verdict":"pass","runs":[{"verdict":"pass"}]}`, "runs[0].name is missing"},
		"run's verdict":      {`{"schema":"wsmig.result/v1","verdict":"pass","runs":[{"name":"a","verdict":""}]}`, "runs[0].verdict is missing"},
		"half a matrix cell": {`{"schema":"wsmig.result/v1","verdict":"pass","runs":[{"name":"a","verdict":"pass","matrix":[["a"]]}]}`, "matrix cell: 1 elements, want 3"},
		"two values":         {`{"schema":"wsmig.result/v1","verdict":"pass",` + run + `} {}`, "line 1, column 86: not JSON: invalid character '{' after top-level value"},
		"no runs":            {`{"schema":"wsmig.result/v1","verdict":"pass"}`, "runs is missing"},
		"no findings":        {`{"schema":"wsmig.lint/v1","findings":null}`, "findings is missing"},
		"no sites":           {`{"schema":"wsmig.ledger/v1"}`, "sites is missing"},
		"severity":           {`{"schema":"wsmig.lint/v1","findings":[{"severity":"fatal","file":"a.go"}]}`, `findings[0].severity is "fatal", not one of info, warning, error`},
		"finding's file":     {`{"schema":"wsmig.lint/v1","findings":[{"severity":"info"}]}`, "findings[0].file is missing"},
		"site's status":      {`{"schema":"wsmig.ledger/v1","sites":[{"status":"done"}]}`, `sites[0].status is "done", not one of fixed, left, kept`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := reports.Read(strings.NewReader(test.file))
			var format *reports.FormatError
			require.ErrorAs(t, err, &format)
			require.Equal(t, test.want, err.Error())
		})
	}
}

func TestReadOfOneKindNamesTheOther(t *testing.T) {
	lint := `{"schema":"wsmig.lint/v1","findings":[]}`
	result := `{"schema":"wsmig.result/v1","verdict":"pass","runs":[]}`
	_, err := reports.ReadResult(strings.NewReader(lint))
	require.EqualError(t, err, "schema is wsmig.lint/v1, not wsmig.result/v1: a load test is needed here")
	_, err = reports.ReadLint(strings.NewReader(result))
	require.EqualError(t, err, "schema is wsmig.result/v1, not wsmig.lint/v1: lint findings is needed here")
	_, err = reports.ReadLedger(strings.NewReader(lint))
	require.EqualError(t, err, "schema is wsmig.lint/v1, not wsmig.ledger/v1: a ledger is needed here")
}

func TestReadTakesAByteOrderMarkAndMissingLists(t *testing.T) {
	d, err := reports.Read(strings.NewReader("\ufeff" + `{"schema":"wsmig.result/v1","verdict":"inconclusive","runs":[{"name":"x","verdict":"pass"}]}`))
	require.NoError(t, err)
	require.Equal(t, "x", d.Result.Runs[0].Name)
	for _, r := range []func() error{
		func() error { return reports.Table(&bytes.Buffer{}, d.Result, nil) },
		func() error { return reports.Markdown(&bytes.Buffer{}, d.Result, nil) },
	} {
		require.NoError(t, r())
	}
}

func TestJSONHasNoNull(t *testing.T) {
	for _, r := range renderings {
		if strings.HasSuffix(r.name, ".json") {
			require.NotContains(t, text(t, r.render, nil), "null", r.name)
		}
	}
}
