package unit

import (
	"archive/zip"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/suppress"
)

// infoMark begins the message of findings that only inform.
const infoMark = "info: "

// print writes the diagnostics, or the fixes when those were asked for.
func (j *job) print() (int, error) {
	comments := suppress.New(j.fset, j.files, analyzer.Rules())
	for i := range j.reports {
		r := &j.reports[i]
		r.diagnostics = slices.DeleteFunc(r.diagnostics, func(d analysis.Diagnostic) bool { return comments.Silences(r.analyzer.Name, d.Pos) })
		j.configure(r)
		slices.SortStableFunc(r.diagnostics, func(a, b analysis.Diagnostic) int { return cmp.Compare(a.Pos, b.Pos) })
	}
	if len(j.opts.only)+len(j.opts.except) == 0 {
		j.complain(comments)
	}
	if err := j.accept(); err != nil {
		return 1, err
	}
	switch {
	case j.opts.fix:
		return j.applyFixes()
	case j.opts.json:
		return 0, j.printJSON()
	}
	return j.printPlain(), nil
}

// configure applies the settings: rules that are off or only inform, files that are
// left out.
func (j *job) configure(r *report) {
	informs := j.settings.Severities[r.analyzer.Name] == string(findings.Info)
	r.diagnostics = slices.DeleteFunc(r.diagnostics, func(d analysis.Diagnostic) bool {
		return !j.settings.Wants(r.analyzer.Name) || j.settings.Excludes(j.fset.Position(d.Pos).Filename)
	})
	for i := range r.diagnostics {
		d := &r.diagnostics[i]
		if informs && !strings.HasPrefix(d.Message, infoMark) {
			d.Message = infoMark + d.Message
		}
	}
	if !j.opts.info {
		r.diagnostics = slices.DeleteFunc(r.diagnostics, func(d analysis.Diagnostic) bool { return strings.HasPrefix(d.Message, infoMark) })
	}
}

// complaint is the end of what is said of comments that silence nothing.
const complaint = " (" + suppress.Rule + ")"

// complain reports comments that are malformed or silence nothing, in the name of
// the first analyzer.
func (j *job) complain(comments *suppress.Index) {
	if len(j.reports) == 0 {
		return
	}
	if severity := j.settings.Severities[suppress.Rule]; severity == config.Off || severity == string(findings.Info) && !j.opts.info {
		return
	}
	first := &j.reports[0]
	for _, p := range comments.Problems() {
		if !j.settings.Excludes(j.fset.Position(p.Pos).Filename) {
			first.diagnostics = append(first.diagnostics, analysis.Diagnostic{Pos: p.Pos, End: p.End, Category: suppress.Rule, Message: p.Message + complaint})
		}
	}
}

func (j *job) printPlain() int {
	code := 0
	for _, r := range j.reports {
		if r.err != nil {
			fmt.Fprintf(j.stderr, "wsmig: %v\n", r.err)
			code = 1
		}
		for _, d := range r.diagnostics {
			fmt.Fprintf(j.stderr, "%s: %s\n", j.fset.Position(d.Pos), d.Message)
			j.printContext(d)
			code = 1
		}
	}
	return code
}

func (j *job) printContext(d analysis.Diagnostic) {
	if j.opts.context < 0 {
		return
	}
	at, end := j.fset.Position(d.Pos), j.fset.Position(d.End)
	data, err := os.ReadFile(at.Filename)
	if err != nil {
		return
	}
	lines := strings.Split(string(data), "\n")
	for i := at.Line - j.opts.context; i <= max(at.Line, end.Line)+j.opts.context; i++ {
		if i >= 1 && i <= len(lines) {
			fmt.Fprintf(j.stderr, "%d\t%s\n", i, lines[i-1])
		}
	}
}

// The JSON that the go command and editors read: package, analyzer, diagnostics.
type (
	jsonDiagnostic struct {
		Category       string    `json:"category,omitempty"`
		Posn           string    `json:"posn"`
		End            string    `json:"end"`
		Message        string    `json:"message"`
		SuggestedFixes []jsonFix `json:"suggested_fixes,omitempty"`
	}
	jsonFix struct {
		Message string     `json:"message"`
		Edits   []jsonEdit `json:"edits"`
	}
	jsonEdit struct {
		Filename string `json:"filename"`
		Start    int    `json:"start"`
		End      int    `json:"end"`
		New      string `json:"new"`
	}
	jsonError struct {
		Err string `json:"error"`
	}
)

func (j *job) printJSON() error {
	byAnalyzer := map[string]any{}
	for _, r := range j.reports {
		switch {
		case r.err != nil:
			byAnalyzer[r.analyzer.Name] = jsonError{r.err.Error()}
		case len(r.diagnostics) > 0:
			list := make([]jsonDiagnostic, len(r.diagnostics))
			for i, d := range r.diagnostics {
				list[i] = j.json(d)
			}
			byAnalyzer[r.analyzer.Name] = list
		}
	}
	tree := map[string]any{}
	if len(byAnalyzer) > 0 {
		tree[j.cfg.ID] = byAnalyzer
	}
	data, err := json.MarshalIndent(tree, "", "\t")
	if err != nil {
		return err
	}
	_, err = j.stdout.Write(append(data, '\n'))
	return err
}

func (j *job) json(d analysis.Diagnostic) jsonDiagnostic {
	out := jsonDiagnostic{Category: d.Category, Posn: j.fset.Position(d.Pos).String(), End: j.fset.Position(d.End).String(), Message: d.Message}
	for _, f := range d.SuggestedFixes {
		fix := jsonFix{Message: f.Message, Edits: []jsonEdit{}}
		for _, e := range f.TextEdits {
			file := j.fset.File(e.Pos)
			end := e.End
			if !end.IsValid() {
				end = e.Pos
			}
			fix.Edits = append(fix.Edits, jsonEdit{file.Name(), file.Offset(e.Pos), file.Offset(end), string(e.NewText)})
		}
		out.SuggestedFixes = append(out.SuggestedFixes, fix)
	}
	return out
}

// archive writes files, path to new content, in the form that the go command
// collects. An empty archive is still an archive.
func archive(name, comment string, contents map[string][]byte) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	z := zip.NewWriter(f)
	err = z.SetComment(comment)
	for _, path := range sortedNames(contents) {
		if err != nil {
			break
		}
		w, createErr := z.Create(path)
		if createErr == nil {
			_, createErr = w.Write(contents[path])
		}
		err = createErr
	}
	return cmp.Or(err, z.Close(), f.Close())
}

func sortedNames(m map[string][]byte) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
