package reports

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wsmig/wsmig/loadtest/result"
)

// resultsFile is the file by which a folder is known to be ours.
const resultsFile = "results.json"

// dirFiles are the files of a report folder. results.json comes last, so that a
// folder that has it has everything.
var dirFiles = []struct {
	name   string
	render func(io.Writer, *result.Result, *Options) error
}{
	{"index.html", HTML},
	{"report.md", Markdown},
	{"junit.xml", JUnit},
	{resultsFile, JSON},
}

// ForeignDirError says that a folder holds something that a report did not put
// there, so that it is left alone.
type ForeignDirError struct {
	Dir, Entry string
}

// Error names the folder, what was found in it, and what to do.
func (e *ForeignDirError) Error() string {
	return fmt.Sprintf("%s holds %s, which no report wrote: give an empty folder, an older report or a new name", e.Dir, e.Entry)
}

// CheckDir reports whether WriteDir would be able to write dir, so that a folder
// that is foreign or not writable is found before any load is made. It leaves
// nothing behind.
func CheckDir(dir string) error {
	if err := checkOwn(dir); err != nil {
		return err
	}
	place, err := placeFor(dir)
	if err != nil {
		return err
	}
	if err = probe(place); err != nil && isDir(dir) {
		err = probe(dir)
	}
	if err != nil {
		return notWritable(dir, err)
	}
	return nil
}

func probe(place string) error {
	name, err := makeTemp(place)
	if err != nil {
		return err
	}
	return os.Remove(name)
}

// WriteDir writes a report folder: results.json and every rendering that belongs
// beside it. Missing parents are made. An older report in dir is replaced as a
// whole, so that a reader sees the old one or the new one and never a mixture; a
// folder with anything else in it is refused with a *ForeignDirError and stays
// as it was. When anything fails, dir is as it was before. Where a folder can't
// change places with another (a mount point, a parent that is not writable) its
// files are replaced one after the other, results.json last.
func WriteDir(dir string, r *result.Result, o *Options) error {
	files := make(map[string][]byte, len(dirFiles))
	for _, f := range dirFiles {
		var b bytes.Buffer
		if err := f.render(&b, r, o); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		files[f.name] = b.Bytes()
	}
	if err := checkOwn(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(filepath.Clean(dir)), 0o777); err != nil {
		return notWritable(dir, err)
	}
	err := replaceWhole(dir, files)
	if err != nil && isDir(dir) {
		err = replaceEach(dir, files)
	}
	if err != nil {
		return notWritable(dir, err)
	}
	return nil
}

// checkOwn accepts what is not there, an empty folder, and a folder that holds
// nothing but the files of an earlier report.
func checkOwn(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return notWritable(dir, err)
	case !info.IsDir():
		return fmt.Errorf("%s is a file: a report needs a folder", dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return notWritable(dir, err)
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !isReportFile(entry.Name()) {
			return &ForeignDirError{Dir: dir, Entry: entry.Name()}
		}
	}
	if len(entries) == 0 {
		return nil
	}
	return checkResults(dir, entries[0].Name())
}

// checkResults tells an older report from a folder that happens to hold files of
// the same names, such as somebody's index.html.
func checkResults(dir, entry string) error {
	f, err := os.Open(filepath.Join(dir, resultsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return &ForeignDirError{Dir: dir, Entry: entry}
	}
	if err != nil {
		return notWritable(dir, err)
	}
	defer f.Close()
	if _, err := ReadResult(f); err != nil {
		return &ForeignDirError{Dir: dir, Entry: "a " + resultsFile + " of another kind"}
	}
	return nil
}

// isReportFile knows the names of every version, since an older report may have
// fewer files and a newer one more.
func isReportFile(name string) bool {
	switch name {
	case "index.html", "report.md", "junit.xml", resultsFile:
		return true
	}
	return false
}

// placeFor is the folder in which the new report is prepared: the one above dir,
// so that a rename can put it into place, or the nearest that exists.
func placeFor(dir string) (string, error) {
	target, err := filepath.EvalSymlinks(dir)
	if err != nil {
		target = filepath.Clean(dir)
	}
	for {
		parent := filepath.Dir(target)
		info, err := os.Stat(parent)
		switch {
		case err == nil && info.IsDir():
			return parent, nil
		case err == nil:
			return "", fmt.Errorf("%s is a file: no folder can be made below it", parent)
		case !errors.Is(err, fs.ErrNotExist) || parent == target:
			return "", notWritable(dir, err)
		}
		target = parent
	}
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

func notWritable(dir string, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("the report folder %s can't be written: %w", dir, err)
}
