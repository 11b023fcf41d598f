package result_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
)

func TestCellsAndBucketsAreArrays(t *testing.T) {
	in := result.Run{
		Matrix:  []result.Cell{{Owner: "u00002", Receiver: "u00007", Count: 17}},
		Latency: result.Latency{Buckets: []result.Bucket{{Micros: 210.5, Count: 3}}},
	}
	data, err := json.Marshal(in)
	require.NoError(t, err)
	require.Contains(t, string(data), `"matrix":[["u00002","u00007",17]]`)
	require.Contains(t, string(data), `"buckets":[[210.5,3]]`)

	var out result.Run
	require.NoError(t, json.Unmarshal(data, &out))
	require.Equal(t, in, out)
}

func TestMalformedArraysAreRefused(t *testing.T) {
	for _, text := range []string{`null`, `[]`, `["a","b"]`, `["a","b",1,2]`, `["a",2,3]`, `["a","b",-1]`, `{"owner":"a"}`} {
		var cell result.Cell
		require.ErrorContains(t, json.Unmarshal([]byte(text), &cell), "matrix cell", text)
	}
	for _, text := range []string{`[1]`, `[1,2,3]`, `["1",2]`, `7`} {
		var bucket result.Bucket
		require.ErrorContains(t, json.Unmarshal([]byte(text), &bucket), "latency bucket", text)
	}
}

func TestOptionalFieldsStayAwayWhenEmpty(t *testing.T) {
	data, err := json.Marshal(result.Result{Runs: []result.Run{{Evidence: []result.Evidence{{}}}}})
	require.NoError(t, err)
	for _, name := range []string{"shard", "environment", "pairs", "around", "buckets", "raw_buckets"} {
		require.NotContains(t, string(data), `"`+name+`"`)
	}
}
