package cmd

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
)

// Address and configuration of a saved run are taken each by itself, so that giving
// one again, for the credentials that are not saved, keeps the other.
func TestReplayTakesWhatIsNotGivenAgain(t *testing.T) {
	both := []string{"loadtest", "--config", "saved.yaml", "--url", "ws://saved/ws"}
	preset := []string{"loadtest", "--preset", "wsmig", "--url", "ws://saved/ws"}
	for name, test := range map[string]struct {
		command                 []string
		now                     loadtestFlags
		url, configured, spoken string
	}{
		"nothing given":         {both, loadtestFlags{}, "ws://saved/ws", "saved.yaml", ""},
		"an address":            {both, loadtestFlags{urls: []string{"ws://now/ws"}}, "ws://now/ws", "saved.yaml", ""},
		"a configuration":       {both, loadtestFlags{config: "now.yaml"}, "ws://saved/ws", "now.yaml", ""},
		"an address, preset":    {preset, loadtestFlags{urls: []string{"ws://now/ws"}}, "ws://now/ws", "", "wsmig"},
		"instead of an address": {preset, loadtestFlags{config: "now.yaml"}, "", "now.yaml", ""},
	} {
		t.Run(name, func(t *testing.T) {
			again, err := new(IO).flagsOf(&result.Result{Seed: "5", Command: test.command}, &test.now)
			require.NoError(t, err)
			require.Equal(t, test.configured, again.config)
			require.Equal(t, test.spoken, again.preset)
			if test.url == "" {
				require.Empty(t, again.urls)
			} else {
				require.Equal(t, []string{test.url}, again.urls)
			}
		})
	}
}
