package unit

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// configNames are the files that change what the analyzers report. The go
// command's cache knows nothing of them, so they are part of the tool's identity.
var configNames = map[string]bool{".wsmig.yaml": true, ".wsmig.yml": true, ".wsmig-baseline.json": true}

// identify answers -V=full: the name of the binary, and behind the last slash of the
// build id what its results depend on, itself and the configuration of the
// workspace that the go command runs in.
func identify(w io.Writer) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	h := sha256.New()
	id, err := buildID(exe)
	if err != nil {
		return err
	}
	h.Write(id)
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for _, name := range configFiles(dir) {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%s %d\n", name, len(data))
		h.Write(data)
	}
	sum := hex.EncodeToString(h.Sum(nil)[:16])
	_, err = fmt.Fprintf(w, "%s version devel buildID=%s/%s\n", exe, sum, sum)
	return err
}

// buildID is the identity that the linker gave the binary. Hashing the file would
// cost more than the whole budget of this answer; that is done only when the
// linker gave none.
func buildID(exe string) ([]byte, error) {
	f, err := os.Open(exe)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if id := note(f); len(id) > 0 {
		return id, nil
	}
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	const mark = "\xff Go build ID: \""
	if _, rest, ok := bytes.Cut(head[:n], []byte(mark)); ok {
		if id, _, ok := bytes.Cut(rest, []byte("\"")); ok && len(id) > 0 {
			return id, nil
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}

// note is the build ID of an ELF binary, where the linker puts it into a note; the
// other formats have it as marked text at the start of the code.
func note(f io.ReaderAt) []byte {
	file, err := elf.NewFile(f)
	if err != nil {
		return nil
	}
	section := file.Section(".note.go.buildid")
	if section == nil {
		return nil
	}
	data, err := section.Data()
	const header = 16 // three 32-bit words and the name "Go"
	if err != nil || len(data) <= header {
		return nil
	}
	return data[header:]
}

// configFiles lists the configuration files of the workspace around dir.
func configFiles(dir string) []string {
	var found []string
	for _, root := range workspace(dir) {
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil //nolint:nilerr // an unreadable folder holds no configuration
			}
			if d.IsDir() {
				if path != root && skipped(d.Name()) {
					return filepath.SkipDir
				}
				return nil
			}
			if configNames[d.Name()] {
				found = append(found, path)
			}
			return nil
		})
	}
	return found
}

func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "vendor" || name == "node_modules" || name == "testdata"
}

// workspace returns the root folders of the modules at hand: those that go.work
// uses, else that of the module around dir.
func workspace(dir string) []string {
	if work := workFile(dir); work != "" {
		if roots := used(work); len(roots) > 0 {
			return append(roots, filepath.Dir(work))
		}
	}
	if root := above(dir, "go.mod"); root != "" {
		return []string{root}
	}
	return nil
}

func workFile(dir string) string {
	switch gowork := os.Getenv("GOWORK"); gowork {
	case "off":
		return ""
	case "", "auto":
		if root := above(dir, "go.work"); root != "" {
			return filepath.Join(root, "go.work")
		}
		return ""
	default:
		return gowork
	}
}

// above is the nearest folder, from dir upward, that has the file.
func above(dir, name string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// used reads the folders that a go.work file uses. The file is the go command's to
// judge; what does not look like a folder is passed over.
func used(work string) []string {
	data, err := os.ReadFile(work)
	if err != nil {
		return nil
	}
	var roots []string
	block := false
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "//")
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0:
			continue
		case block && fields[0] == ")":
			block = false
			continue
		case fields[0] == "use" && len(fields) > 1 && fields[1] == "(":
			block = true
			continue
		case fields[0] == "use" && len(fields) > 1:
			fields = fields[1:]
		case !block:
			continue
		}
		path := strings.Trim(fields[0], "\"`")
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(work), path)
		}
		roots = append(roots, path)
	}
	return roots
}
