package flow

import (
	"bytes"
	"encoding/gob"
)

// The wire form of facts has sorted slices where units have maps: drivers demand
// that equal facts encode to equal bytes.
type wireUnit struct {
	Path      string
	Funcs     []wireFunc
	Consumers []wireConsumer
	Impls     []wireImpl
	Globals   []wireGlobal
	Fields    []wireField
}

type (
	wireFunc struct {
		Name    string
		Summary *Summary
	}
	wireConsumer struct {
		Key     string
		Effects []*Effect
	}
	wireImpl struct {
		Name  string
		Types []string
	}
	wireGlobal struct {
		Name string
		Info *GlobalInfo
	}
	wireField struct {
		Name string
		Info *FieldInfo
	}
)

// GobEncode implements gob.GobEncoder.
func (f *Fact) GobEncode() ([]byte, error) {
	units := make([]wireUnit, len(f.Units))
	for i, u := range f.Units {
		units[i] = u.wire()
	}
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(units)
	return b.Bytes(), err
}

// GobDecode implements gob.GobDecoder.
func (f *Fact) GobDecode(data []byte) error {
	var units []wireUnit
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&units); err != nil {
		return err
	}
	f.Units = make([]*Unit, len(units))
	for i := range units {
		f.Units[i] = units[i].unit()
	}
	return nil
}

func (u *Unit) wire() wireUnit {
	w := wireUnit{Path: u.Path}
	for _, k := range sortedKeys(u.Funcs) {
		w.Funcs = append(w.Funcs, wireFunc{k, u.Funcs[k]})
	}
	for _, k := range sortedKeys(u.Consumers) {
		w.Consumers = append(w.Consumers, wireConsumer{k, u.Consumers[k]})
	}
	for _, k := range sortedKeys(u.Impls) {
		w.Impls = append(w.Impls, wireImpl{k, u.Impls[k]})
	}
	for _, k := range sortedKeys(u.Globals) {
		w.Globals = append(w.Globals, wireGlobal{k, u.Globals[k]})
	}
	for _, k := range sortedKeys(u.Fields) {
		w.Fields = append(w.Fields, wireField{k, u.Fields[k]})
	}
	return w
}

func (w *wireUnit) unit() *Unit {
	u := newUnit(w.Path)
	for _, x := range w.Funcs {
		u.Funcs[x.Name] = x.Summary
	}
	for _, x := range w.Consumers {
		u.Consumers[x.Key] = x.Effects
	}
	for _, x := range w.Impls {
		u.Impls[x.Name] = x.Types
	}
	for _, x := range w.Globals {
		u.Globals[x.Name] = x.Info
	}
	for _, x := range w.Fields {
		u.Fields[x.Name] = x.Info
	}
	return u
}

func newUnit(path string) *Unit {
	return &Unit{
		Path: path, Funcs: map[string]*Summary{}, Consumers: map[string][]*Effect{}, Impls: map[string][]string{},
		Globals: map[string]*GlobalInfo{}, Fields: map[string]*FieldInfo{},
	}
}
