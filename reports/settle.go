package reports

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// replaceWhole prepares a complete folder beside dir and puts it into place.
func replaceWhole(dir string, files map[string][]byte) error {
	place, err := placeFor(dir)
	if err != nil {
		return err
	}
	temp, err := prepare(place, files)
	if err != nil {
		return err
	}
	return errors.Join(settle(temp, dir, exchange), os.RemoveAll(temp))
}

// replaceEach prepares the files inside dir and moves one after the other.
func replaceEach(dir string, files map[string][]byte) error {
	temp, err := prepare(dir, files)
	if err != nil {
		return err
	}
	for _, f := range dirFiles {
		err = errors.Join(err, os.Rename(filepath.Join(temp, f.name), filepath.Join(dir, f.name)))
	}
	return errors.Join(err, os.RemoveAll(temp))
}

// prepare writes the files to a new folder in place and leaves nothing behind
// when it can't.
func prepare(place string, files map[string][]byte) (string, error) {
	temp, err := makeTemp(place)
	if err != nil {
		return "", err
	}
	for name, data := range files {
		if err := writeSynced(filepath.Join(temp, name), data); err != nil {
			return "", errors.Join(err, os.RemoveAll(temp))
		}
	}
	return temp, nil
}

// makeTemp leaves the mode to the umask, unlike os.MkdirTemp, since the folder
// becomes the report.
func makeTemp(place string) (string, error) {
	name := filepath.Join(place, ".wsmig-report-"+rand.Text()[:12])
	return name, os.Mkdir(name, 0o777)
}

func writeSynced(name string, data []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// settle moves a complete folder from temp to dir. Where both can change places
// in one step they do, and temp holds the old report afterwards; otherwise the
// old one steps aside and comes back should the second rename fail.
func settle(temp, dir string, exchange func(a, b string) error) error {
	target, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Rename(temp, dir)
	}
	if err != nil {
		return err
	}
	if err := exchange(temp, target); err == nil {
		return nil
	}
	aside := temp + "-old"
	if err := os.Rename(target, aside); err != nil {
		return err
	}
	if err := os.Rename(temp, target); err != nil {
		return errors.Join(err, os.Rename(aside, target))
	}
	return os.RemoveAll(aside)
}
