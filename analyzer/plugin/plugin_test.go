package plugin

import (
	"testing"

	"github.com/golangci/plugin-module-register/register"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis"
)

func TestIsRegistered(t *testing.T) {
	make, err := register.GetPlugin(Name)
	require.NoError(t, err)
	p, err := make(map[string]any{"info": true, "accessors": []any{"example.com/app/bus.Get"}, "roles": map[string]any{"a.F": map[string]any{"role": "user-send", "addressee": 2}}})
	require.NoError(t, err)
	require.Equal(t, register.LoadModeTypesInfo, p.GetLoadMode())
	analyzers, err := p.BuildAnalyzers()
	require.NoError(t, err)
	require.NoError(t, analysis.Validate(analyzers))
	require.Equal(t, Name, analyzers[0].Name)
	o := p.(*plugin).options
	require.True(t, o.Info)
	require.Equal(t, []string{"example.com/app/bus.Get"}, o.Settings.Accessors)
	require.Equal(t, 2, o.Settings.Roles["a.F"].Addressee)
}

func TestNoSettingsAreFine(t *testing.T) {
	p, err := New(nil)
	require.NoError(t, err)
	require.False(t, p.(*plugin).options.Info)
}

func TestSettingsThatMeanNothingAreRefused(t *testing.T) {
	for want, settings := range map[string]any{
		"did you mean accessors?":     map[string]any{"acessors": []any{"a.B"}},
		"info is true or false":       map[string]any{"info": "yes"},
		"settings are no keys":        []any{"a"},
		"no rule is called singelton": map[string]any{"severities": map[string]any{"singelton": "off"}},
	} {
		_, err := New(settings)
		require.ErrorContains(t, err, want)
	}
}
