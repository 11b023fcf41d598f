// Package plugin is wsmig as a linter of golangci-lint, by its module plugin system.
// A file .custom-gcl.yml names it, `golangci-lint custom` builds a binary with it, and
// .golangci.yml switches it on:
//
//	version: "2"
//	linters:
//	  enable: [wsmig]
//	  settings:
//	    custom:
//	      wsmig:
//	        type: module
//	        description: process-wide WebSocket managers
//	        settings:
//	          accessors: [example.com/app/bus.GetManager]
//
// The settings have the keys of .wsmig.yaml, and info: true for informational
// findings. The file .wsmig.yaml itself is not read: golangci-lint keeps results in a
// cache that knows its own configuration alone. The baseline is not read either;
// golangci-lint has its own ways to report what is new.
package plugin

import (
	"errors"
	"fmt"
	"maps"
	"os"

	"github.com/goccy/go-yaml"
	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer"
	"github.com/wsmig/wsmig/analyzer/config"
	"github.com/wsmig/wsmig/analyzer/nogo"
)

// Name is what .golangci.yml calls the linter.
const Name = "wsmig"

func init() { register.Plugin(Name, New) }

type plugin struct{ options *nogo.Options }

// New makes the linter from the settings in .golangci.yml.
func New(settings any) (register.LinterPlugin, error) {
	o := &nogo.Options{}
	given, err := register.DecodeSettings[map[string]any](settings)
	if err != nil {
		return nil, fmt.Errorf("wsmig: the settings are no keys and values: %w", err)
	}
	given = maps.Clone(given)
	if value, ok := given["info"]; ok {
		if o.Info, ok = value.(bool); !ok {
			return nil, errors.New("wsmig: info is true or false")
		}
		delete(given, "info")
	}
	text, err := yaml.Marshal(given)
	if err != nil {
		return nil, fmt.Errorf("wsmig: %w", err)
	}
	parsed, err := config.Parse(text, analyzer.Rules())
	if err != nil {
		return nil, fmt.Errorf("wsmig: settings: %w", err)
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("wsmig: %w", err)
	}
	o.Settings = parsed.At(dir)
	return &plugin{o}, nil
}

// BuildAnalyzers implements register.LinterPlugin.
func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	return []*analysis.Analyzer{nogo.New(p.options)}, nil
}

// GetLoadMode implements register.LinterPlugin.
func (*plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
