package bind

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// TestGolden binds the programs in testdata. Each archive holds the files before,
// and after under "want/"; a file "refused" lists what must be left and why.
// UPDATE_GOLDEN=1 writes the latter two.
func TestGolden(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, archives)
	for _, archive := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(archive), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(archive)
			require.NoError(t, err)
			before, want := map[string]string{}, map[string]string{}
			for _, file := range ar.Files {
				if name, ok := strings.CutPrefix(file.Name, "want/"); ok {
					want[name] = string(file.Data)
				} else if file.Name != "refused" {
					before[file.Name] = string(file.Data)
				}
			}
			x := load(t, before)
			got := x.bind(Mode{Plain: true})
			for name, text := range before {
				if got[name] == text {
					delete(got, name)
				}
			}
			slices.Sort(x.refused)
			if len(x.refused) > 0 {
				got["../refused"] = strings.Join(x.refused, "\n") + "\n"
			}
			if os.Getenv("UPDATE_GOLDEN") != "" {
				update(t, archive, ar, before, got)
				return
			}
			for _, file := range ar.Files {
				if file.Name == "refused" {
					want["../refused"] = string(file.Data)
				}
			}
			require.Equal(t, want, got)
		})
	}
}

func update(t *testing.T, archive string, ar *txtar.Archive, before, got map[string]string) {
	t.Helper()
	ar.Files = slices.DeleteFunc(ar.Files, func(f txtar.File) bool { return before[f.Name] == "" })
	names := make([]string, 0, len(got))
	for name := range got {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		ar.Files = append(ar.Files, txtar.File{Name: filepath.ToSlash(filepath.Join("want", name)), Data: []byte(got[name])})
	}
	require.NoError(t, os.WriteFile(archive, txtar.Format(ar), 0o600))
}
