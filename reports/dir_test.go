package reports_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

func TestWriteDirMakesAndReplaces(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b", "wsmig-report")
	require.NoError(t, reports.CheckDir(dir))
	require.NoDirExists(t, filepath.Dir(dir), "a check leaves nothing behind")

	require.NoError(t, reports.WriteDir(dir, sample.Result(1, 10), nil))
	first := readDir(t, dir)
	require.Contains(t, first, "results.json")
	require.Contains(t, first, "report.md")
	require.Equal(t, []string{"wsmig-report"}, entries(t, filepath.Dir(dir)), "nothing else is left")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "junit.xml"), []byte("<old/>"), 0o600))
	require.NoError(t, reports.CheckDir(dir))
	require.NoError(t, reports.WriteDir(dir, sample.Result(2, 4), nil))
	second := readDir(t, dir)
	require.NotEqual(t, first["results.json"], second["results.json"])
	require.NotEqual(t, "<old/>", second["junit.xml"], "an older report is replaced whole")
	require.Equal(t, []string{"wsmig-report"}, entries(t, filepath.Dir(dir)))

	saved, err := os.Open(filepath.Join(dir, "results.json"))
	require.NoError(t, err)
	defer saved.Close()
	got, err := reports.ReadResult(saved)
	require.NoError(t, err)
	require.Equal(t, sample.Result(2, 4), got)
}

func TestWriteDirFillsAnEmptyFolder(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, reports.CheckDir(dir))
	require.NoError(t, reports.WriteDir(dir, sample.Result(1, 4), nil))
	require.Contains(t, readDir(t, dir), "results.json")
}

func TestWriteDirFollowsALink(t *testing.T) {
	base := t.TempDir()
	real, link := filepath.Join(base, "real"), filepath.Join(base, "link")
	require.NoError(t, os.Mkdir(real, 0o755))
	require.NoError(t, os.Symlink(real, link))
	require.NoError(t, reports.WriteDir(link, sample.Result(1, 4), nil))
	require.Contains(t, readDir(t, real), "results.json")
	require.Equal(t, []string{"link", "real"}, entries(t, base))
}

func TestForeignFoldersAreRefusedAndStay(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  string
	}{
		"something else":      {map[string]string{"thesis.txt": "mine"}, "holds thesis.txt, which no report wrote"},
		"beside a report":     {map[string]string{"results.json": `{"schema":"wsmig.result/v1","verdict":"pass"}`, "notes.txt": "mine"}, "holds notes.txt"},
		"somebody's web site": {map[string]string{"index.html": "<h1>mine</h1>"}, "holds index.html"},
		"other results":       {map[string]string{"results.json": `{"total":3}`}, "holds a results.json of another kind"},
		"a folder of a name":  {map[string]string{"report.md/x": "mine"}, "holds report.md"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, body := range test.files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(body), 0o600))
			}
			before := entries(t, dir)
			for _, err := range []error{reports.CheckDir(dir), reports.WriteDir(dir, sample.Result(1, 4), nil)} {
				var foreign *reports.ForeignDirError
				require.ErrorAs(t, err, &foreign)
				require.ErrorContains(t, err, test.want)
			}
			require.Equal(t, before, entries(t, dir))
		})
	}
}

func TestUnwritableFoldersAreFoundBeforeTheRun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	for _, dir := range []string{file, filepath.Join(file, "below"), filepath.Join(file, "far", "below")} {
		err := reports.CheckDir(dir)
		require.Error(t, err, dir)
		require.NotContains(t, err.Error(), "\n")
		require.Error(t, reports.WriteDir(dir, sample.Result(1, 4), nil), dir)
	}
	require.FileExists(t, file)
}

func TestNothingIsHalfWritten(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "report")
	require.NoError(t, reports.WriteDir(dir, sample.Result(1, 4), nil))
	before := readDir(t, dir)
	broken := sample.Result(2, 4)
	broken.Runs[0].Latency.P50 = math.NaN()
	require.ErrorContains(t, reports.WriteDir(dir, broken, nil), "results.json")
	require.Equal(t, before, readDir(t, dir))
	require.Equal(t, []string{"report"}, entries(t, filepath.Dir(dir)))
}

func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, name := range entries(t, dir) {
		data, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		files[name] = string(data)
	}
	return files
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, entry := range list {
		names = append(names, entry.Name())
	}
	return names
}
