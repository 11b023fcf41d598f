package singleton

import (
	"bytes"
	"encoding/gob"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// wireFact is Fact without what only makes sense in the declaring package.
type wireFact struct {
	Singletons []wireSingleton
	Bound      []string
}

type wireSingleton struct {
	ID, Package, Name     string
	Path                  []string
	Form                  findings.Form
	Severity              findings.Severity
	Type, Library, Reason string
	Accessors, Funcs      []string
}

// GobEncode implements gob.GobEncoder.
func (f *Fact) GobEncode() ([]byte, error) {
	w := wireFact{Bound: f.Bound}
	for _, s := range f.Singletons {
		w.Singletons = append(w.Singletons, wireSingleton{
			ID: s.ID, Package: s.Package, Name: s.Name, Path: s.Path, Form: s.Form, Severity: s.Severity,
			Type: s.Type, Library: s.Library, Reason: s.Reason, Accessors: s.Accessors, Funcs: s.Funcs,
		})
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(w)
	return b.Bytes(), err
}

// GobDecode implements gob.GobDecoder.
func (f *Fact) GobDecode(data []byte) error {
	var w wireFact
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&w); err != nil {
		return err
	}
	f.Bound, f.Singletons = w.Bound, nil
	for _, s := range w.Singletons {
		f.Singletons = append(f.Singletons, &Singleton{
			ID: s.ID, Package: s.Package, Name: s.Name, Path: s.Path, Form: s.Form, Severity: s.Severity,
			Type: s.Type, Library: s.Library, Reason: s.Reason, Accessors: s.Accessors, Funcs: s.Funcs,
		})
	}
	return nil
}
