package spec

import (
	"embed"
	"fmt"
	"path"
	"reflect"
	"strings"
)

//go:embed presets/*.yaml
var presetFiles embed.FS

// DefaultPreset is what a target without a preset speaks.
const DefaultPreset = "raw"

// Presets lists the built-in presets.
func Presets() []string {
	entries, err := presetFiles.ReadDir("presets")
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	return names
}

// Preset reads a built-in preset, or with read a file of the user's when the name
// looks like a path.
func Preset(name string, read func(file string) ([]byte, error)) (*File, error) {
	if strings.ContainsAny(name, `./\`) && read != nil {
		data, err := read(name)
		if err != nil {
			return nil, &Error{File: name, Text: "cannot read the preset: " + err.Error(), Hint: "give a file of the same form as --config"}
		}
		return Parse(name, data)
	}
	data, err := presetFiles.ReadFile(path.Join("presets", name+".yaml"))
	if err != nil {
		hint := fmt.Sprintf("did you mean %s? there are %s, and files", Nearest(name, Presets()), strings.Join(Presets(), ", "))
		return nil, &Error{File: "preset", Text: fmt.Sprintf("unknown preset %q", name), Hint: hint}
	}
	return Parse("preset "+name, data)
}

// Merge fills what the file leaves out from the preset, key by key at the top
// level: a key that the file has replaces the preset's whole.
func (f *File) Merge(preset *File) {
	own, other := reflect.ValueOf(f).Elem(), reflect.ValueOf(preset).Elem()
	for i := range own.NumField() {
		if own.Field(i).IsZero() {
			own.Field(i).Set(other.Field(i))
		}
	}
}

// Resolve reads a file's preset (raw when it names none) and merges it.
func (f *File) Resolve(read func(file string) ([]byte, error)) error {
	name := f.Preset
	if name == "" {
		name = DefaultPreset
	}
	preset, err := Preset(name, read)
	if err != nil {
		return err
	}
	f.Merge(preset)
	f.Preset = name
	return nil
}
