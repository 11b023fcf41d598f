package guard_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/guard"
)

func TestOnlyThisMachineNeedsNoTrustedCertificate(t *testing.T) {
	g := guard.New([]string{"203.0.113.7", "chat.example.com"}, func(_ context.Context, host string) ([]net.IPAddr, error) {
		return map[string][]net.IPAddr{
			"localhost":        {{IP: net.IPv4(127, 0, 0, 1)}, {IP: net.IPv6loopback}},
			"chat.example.com": {{IP: net.IPv4(127, 0, 0, 1)}, {IP: net.IPv4(203, 0, 113, 7)}},
		}[host], nil
	})
	for host, free := range map[string]bool{"127.0.0.1": true, "::1": true, "localhost": true, "203.0.113.7": false, "chat.example.com": false, "unknown": false} {
		require.Equal(t, free, g.TLS(host).InsecureSkipVerify, host)
		require.Equal(t, host, g.TLS(host).ServerName)
	}
}

func TestTheClientCallsAServerWithItsOwnCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer server.Close()
	resp, err := guard.New(nil, nil).Client(1, time.Minute).Get(server.URL)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusTeapot, resp.StatusCode)
}
