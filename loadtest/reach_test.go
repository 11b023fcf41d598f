package loadtest

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/guard"
)

// Without a name service no other host can be told from a mistyped one, and the
// answer must say what either needs.
func TestAHostThatCanNotBeLookedUpIsRefusedWithWhatItWouldNeed(t *testing.T) {
	none := func(_ context.Context, host string) ([]net.IPAddr, error) {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	s := &session{runner: &runner{guard: guard.New(nil, none)}}
	var mistake *UsageError
	require.ErrorAs(t, s.reach(t.Context(), "ws://chat.example.com/ws"), &mistake)
	require.EqualError(t, mistake, "chat.example.com can't be looked up: no such host")
	require.Contains(t, mistake.Hint, "--allow-host chat.example.com")
}
