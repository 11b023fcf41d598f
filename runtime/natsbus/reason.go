package natsbus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// refusal says what to do about an error that another attempt to connect would meet again; empty for all others. A
// server may have refused for a moment only, while its accounts were loaded: once a connection was made, the bus goes on
// trying.
func refusal(err error) string {
	var (
		file   *fs.PathError
		remote tls.AlertError
		cert   *tls.CertificateVerificationError
		host   x509.HostnameError
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &host):
		return "the server's certificate is for another host: use the name that is in it, in URL"
	case errors.As(err, &cert):
		return "the server's certificate is not trusted: give Options.NATS a nats.RootCAs with the authority that signed it"
	case errors.As(err, &remote), strings.Contains(err.Error(), "remote error: tls: "):
		return "the server refuses the client's certificate: give Options.NATS a nats.ClientCert that it trusts"
	case errors.Is(err, nats.ErrSecureConnWanted):
		return "the server speaks no TLS: leave nats.Secure and nats.RootCAs out, or turn TLS on there"
	case errors.As(err, &file):
		return "a file that Options.NATS names can't be read"
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrAccountAuthExpired), errors.Is(err, nats.ErrNkeysNotSupported), errors.Is(err, nats.ErrNkeyButNoSigCB):
		return "the server refuses the credentials: give Options.NATS a nats.UserCredentials, nats.UserInfo or what else it asks for"
	}
	return ""
}

// chain puts what happened and what it led to into one line.
func chain(cause, end error) error {
	switch {
	case cause == nil || errors.Is(end, cause):
		return end
	case end == nil || errors.Is(cause, end):
		return cause
	}
	return fmt.Errorf("%w (%w)", cause, end)
}

// forbidden adds what the NATS account does not allow, which else looks like an answer that does not come.
func (b *Bus) forbidden(err error) error {
	last := b.nc.LastError()
	if err == nil || !errors.Is(last, nats.ErrPermissionViolation) {
		return err
	}
	return chain(last, err)
}

// unable adds to forbidden that there may be no history to be had.
func (b *Bus) unable(err error) error {
	if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrJetStreamNotEnabled) || errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount) {
		return fmt.Errorf("no NATS server at %s answers for JetStream: turn it on there, and for this account: %w", b.opts.where(), err)
	}
	return b.forbidden(err)
}

const (
	hidden = "(a URL that is not shown)"
	badURL = "URL is not like nats://user:password@host:4222 (what is special in a password has to be escaped, as url.UserPassword does)"
)

// where names the servers without the passwords and tokens that may stand in URLs.
func (o *Options) where() string {
	var shown []string
	for _, server := range strings.Split(o.servers(), ",") {
		if strings.Contains(server, "@") && !strings.Contains(server, "://") && len(shown) > 0 {
			shown = []string{hidden} // the comma may be one of a password
		}
		shown = append(shown, address(server))
	}
	return strings.Join(shown, ",")
}

// address reads a URL as NATS does, and leaves all out but scheme and host. A sign that is not escaped in a password ends
// the host there, so that the rest of the password is taken for a path: then nothing is shown.
func address(server string) string {
	if !strings.Contains(server, "://") {
		server = "nats://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Opaque != "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return hidden
	}
	return u.Scheme + "://" + u.Host
}

// checkServers refuses what NATS would read in another way than it is meant.
func checkServers(list string) error {
	for server := range strings.SplitSeq(list, ",") {
		if address(server) == hidden {
			return errors.New("wsmig: natsbus: " + badURL)
		}
	}
	return nil
}

// withoutURL leaves out the URL that an error quotes, and the part of it that the parser did not like.
func withoutURL(err error) error {
	var bad *url.Error
	if errors.As(err, &bad) {
		return errors.New(badURL)
	}
	return err
}
