package move

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"

	"github.com/wsmig/wsmig/analyzer/driver"
)

// planArchived works out the move of the manager of one package in an archive of the fixer's
// test data, after a change to it. Needs is what the module requires.
func planArchived(t *testing.T, archive, name, needs string, c change) (*Result, []Obstacle) {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join("..", "testdata", "move", archive))
	require.NoError(t, err)
	sums, err := os.ReadFile(filepath.FromSlash("../../../go.sum"))
	require.NoError(t, err)
	files := fstest.MapFS{
		"go.mod": {Data: []byte("module example.com/move\n\ngo 1.24\n\n" + needs)},
		"go.sum": {Data: sums},
	}
	for _, f := range ar.Files {
		if strings.HasPrefix(f.Name, name+"/") && !strings.HasSuffix(f.Name, "_test.go") {
			files[f.Name] = &fstest.MapFile{Data: f.Data}
		}
	}
	require.Contains(t, files, c.file)
	text := string(files[c.file].Data)
	require.Contains(t, text, c.old)
	files[c.file].Data = []byte(strings.ReplaceAll(text, c.old, c.new))
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, files))
	return planFirst(t, &driver.Config{Dir: dir}, "example.com/move/"+name, os.ReadFile)
}
