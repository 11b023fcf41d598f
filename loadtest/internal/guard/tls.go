package guard

import (
	"context"
	"crypto/tls"
	"net"
)

// TLS is what a client needs for a host. Nobody stands between this machine and
// itself, and a server that is tried out here has the certificate that its author made
// for himself: of a host that leads to loopback none is asked for that others trust.
func (g *Guard) TLS(host string) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	addresses, err := g.pin(context.Background(), host)
	config.InsecureSkipVerify = err == nil && len(addresses) > 0 //nolint:gosec // see above
	for _, one := range addresses {
		ip := net.ParseIP(one)
		config.InsecureSkipVerify = config.InsecureSkipVerify && ip != nil && ip.IsLoopback() //nolint:gosec // likewise
	}
	return config
}

func (g *Guard) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	conn, err := g.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	secure := tls.Client(conn, g.TLS(host))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // the first error is the one that counts
		return nil, err
	}
	return secure, nil
}
