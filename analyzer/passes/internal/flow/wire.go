package flow

import (
	"bytes"
	"encoding/gob"
)

// The wire form of facts has sorted slices where units have maps: drivers demand
// that equal facts encode to equal bytes. What is looked up by name stays packed.
type wireUnit struct {
	Path     string
	Core     bool
	Locates  []string
	Groups   []string
	Impls    []wireImpl
	Channels []string
	Contents []byte
}

type wireImpl struct {
	Name  string
	Types []string
}

// GobEncode implements gob.GobEncoder.
func (f *Fact) GobEncode() ([]byte, error) {
	units := make([]wireUnit, len(f.Units))
	for i, u := range f.Units {
		w := wireUnit{Path: u.Path, Core: u.Core, Locates: u.Locates, Groups: u.Groups, Channels: u.Channels, Contents: u.packed}
		for _, k := range sortedKeys(u.Impls) {
			w.Impls = append(w.Impls, wireImpl{k, u.Impls[k]})
		}
		if w.Contents == nil {
			var err error
			if w.Contents, err = pack(&u.own); err != nil {
				return nil, err
			}
		}
		units[i] = w
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
		w := &units[i]
		u := &Unit{Path: w.Path, Core: w.Core, Locates: w.Locates, Groups: w.Groups, Impls: map[string][]string{}, Channels: w.Channels, packed: w.Contents}
		for _, x := range w.Impls {
			u.Impls[x.Name] = x.Types
		}
		f.Units[i] = u
	}
	return nil
}
