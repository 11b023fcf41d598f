package reports

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUTF16Columns(t *testing.T) {
	source := map[string]string{"a.go": "plain\n\tüß🙂x\n\xff\xfe\n"}
	reads := 0
	c := newColumns(func(file string) ([]byte, error) {
		reads++
		if text, ok := source[file]; ok {
			return []byte(text), nil
		}
		return nil, errors.New("no such file")
	})
	tests := []struct{ line, column, want int }{
		{1, 1, 1}, {1, 6, 6}, {1, 7, 7}, {1, 99, 99},
		{2, 1, 1}, {2, 2, 2}, {2, 4, 3}, {2, 6, 4}, {2, 10, 6}, {2, 11, 7},
		{3, 3, 3}, {0, 5, 5}, {17, 5, 5}, {2, 0, 1},
	}
	for _, test := range tests {
		require.Equal(t, test.want, c.utf16("a.go", test.line, test.column), "line %d, column %d", test.line, test.column)
	}
	require.Equal(t, 1, reads, "a file is read once")
	require.Equal(t, 9, c.utf16("gone.go", 1, 9))
	require.Equal(t, 9, c.utf16("gone.go", 2, 9))
	require.Equal(t, 2, reads, "also when it can't be")
	require.Equal(t, 9, newColumns(nil).utf16("a.go", 2, 9))
}
