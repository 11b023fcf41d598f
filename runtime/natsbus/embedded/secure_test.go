package embedded_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/runtime/natsbus"
)

// guarded is a NATS server that asks for something: what it is told, who may connect, and who may not and reads why.
type guarded struct {
	config string
	right  []nats.Option
	wrong  map[string][]nats.Option // by what the error says
}

const refused = "the server refuses the credentials"

func tlsBlock(p pair, more string) string {
	return fmt.Sprintf("tls { cert_file: %q, key_file: %q, timeout: 30 %s}\n", p.cert, p.key, more)
}

func withTLS(t *testing.T) guarded {
	ours, theirs := newAuthority(t), newAuthority(t)
	return guarded{tlsBlock(ours.pair("127.0.0.1"), ""), []nats.Option{nats.RootCAs(ours.file)}, map[string][]nats.Option{
		"the server's certificate is not trusted: give Options.NATS a nats.RootCAs": {nats.RootCAs(theirs.file)},
		"certificate is not trusted": nil,
		"nowhere.pem":                {nats.RootCAs("nowhere.pem")},
	}}
}

func withTLSOfAnotherHost(t *testing.T) guarded {
	ours := newAuthority(t)
	return guarded{tlsBlock(ours.pair("nats.example.com"), ""), []nats.Option{nats.RootCAs(ours.file), nats.Secure(trusting(t, ours, "nats.example.com"))},
		map[string][]nats.Option{"the server's certificate is for another host": {nats.RootCAs(ours.file)}}}
}

func withoutTLS(t *testing.T) guarded {
	return guarded{"", nil, map[string][]nats.Option{"the server speaks no TLS": {nats.Secure()}}}
}

func withClientCertificate(t *testing.T) guarded {
	ours, theirs := newAuthority(t), newAuthority(t)
	server, client, stranger := ours.pair("127.0.0.1"), ours.pair("client"), theirs.pair("client")
	root := nats.RootCAs(ours.file)
	return guarded{tlsBlock(server, fmt.Sprintf(", ca_file: %q, verify: true", ours.file)), []nats.Option{root, nats.ClientCert(client.cert, client.key)},
		map[string][]nats.Option{
			"refuses the client's certificate: give Options.NATS a nats.ClientCert": {root},
			"refuses the client's certificate":                                      {root, nats.ClientCert(stranger.cert, stranger.key)},
		}}
}

func withPassword(t *testing.T) guarded {
	return guarded{`authorization { user: node, password: "s3cret" }`, []nats.Option{nats.UserInfo("node", "s3cret")}, map[string][]nats.Option{
		refused:                      {nats.UserInfo("node", "wrong")},
		refused + ": give Options.N": nil,
	}}
}

func withToken(t *testing.T) guarded {
	return guarded{`authorization { token: "s3cret" }`, []nats.Option{nats.Token("s3cret")}, map[string][]nats.Option{refused: {nats.Token("wrong")}}}
}

// seedFile keeps the seed of a key as nsc does, and gives its public half.
func seedFile(t *testing.T, key nkeys.KeyPair) (file, public string) {
	t.Helper()
	seed, err := key.Seed()
	require.NoError(t, err)
	public, err = key.PublicKey()
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "seed.nk")
	require.NoError(t, os.WriteFile(file, seed, 0o600))
	return file, public
}

func userKey(t *testing.T) (key nkeys.KeyPair, file, public string) {
	t.Helper()
	key, err := nkeys.CreateUser()
	require.NoError(t, err)
	file, public = seedFile(t, key)
	return key, file, public
}

func withNkey(t *testing.T) guarded {
	_, file, public := userKey(t)
	_, stranger, _ := userKey(t)
	right, err := nats.NkeyOptionFromSeed(file)
	require.NoError(t, err)
	wrong, err := nats.NkeyOptionFromSeed(stranger)
	require.NoError(t, err)
	return guarded{fmt.Sprintf("authorization { users: [ { nkey: %s } ] }", public), []nats.Option{right}, map[string][]nats.Option{refused: {wrong}}}
}

// withCredentials is the decentralised way: an operator signs accounts, an account signs users, a node has a creds file.
func withCredentials(t *testing.T) guarded {
	operator, err := nkeys.CreateOperator()
	require.NoError(t, err)
	_, operatorID := seedFile(t, operator)
	account, accountID := newAccount(t)
	claims := jwt.NewAccountClaims(accountID)
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	accountToken, err := claims.Encode(operator)
	require.NoError(t, err)
	_, systemID := newAccount(t)
	systemToken, err := jwt.NewAccountClaims(systemID).Encode(operator)
	require.NoError(t, err)
	trust := jwt.NewOperatorClaims(operatorID)
	trust.SystemAccount = systemID
	operatorToken, err := trust.Encode(operator)
	require.NoError(t, err)
	config := fmt.Sprintf("operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }\n",
		operatorToken, systemID, accountID, accountToken, systemID, systemToken)
	stranger, _ := newAccount(t)
	return guarded{config, []nats.Option{nats.UserCredentials(credsFile(t, account))}, map[string][]nats.Option{
		refused:                       {nats.UserCredentials(credsFile(t, stranger))},
		"nowhere.creds: no such file": {nats.UserCredentials("nowhere.creds")},
	}}
}

func newAccount(t *testing.T) (nkeys.KeyPair, string) {
	t.Helper()
	key, err := nkeys.CreateAccount()
	require.NoError(t, err)
	public, err := key.PublicKey()
	require.NoError(t, err)
	return key, public
}

func credsFile(t *testing.T, account nkeys.KeyPair) string {
	t.Helper()
	key, _, public := userKey(t)
	token, err := jwt.NewUserClaims(public).Encode(account)
	require.NoError(t, err)
	seed, err := key.Seed()
	require.NoError(t, err)
	text, err := jwt.FormatUserConfig(token, seed)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "node.creds")
	require.NoError(t, os.WriteFile(file, text, 0o600))
	return file
}

// TestSeparateClusterIsGuarded: a NATS server that runs elsewhere, with TLS or credentials of each kind, serves the nodes
// that have what it asks for; those that have not do not start, say why in one line, and do not wait for it to change.
func TestSeparateClusterIsGuarded(t *testing.T) {
	for name, kind := range map[string]func(*testing.T) guarded{
		"TLS": withTLS, "another host's TLS": withTLSOfAnotherHost, "no TLS": withoutTLS, "client certificate": withClientCertificate,
		"password": withPassword, "token": withToken, "nkey": withNkey, "creds file": withCredentials,
	} {
		t.Run(name, func(t *testing.T) {
			g := kind(t)
			srv := runServer(t, g.config)
			for says, options := range g.wrong {
				_, err := natsbus.New(t.Context(), &natsbus.Options{URL: srv.url(), NATS: options, StartTimeout: patience, Logger: logger})
				require.ErrorContains(t, err, says)
				require.NotContains(t, err.Error(), "\n")
				require.NotErrorIs(t, err, context.DeadlineExceeded)
			}
			known := func(s *settings) { s.bus.URL, s.bus.NATS = srv.url(), g.right }
			one, two := startNode(t, &wires{}, known), startNode(t, &wires{}, known)
			c := newClient(t, "alice", two)
			c.ready(t)
			emit(t, one, "alice", 1)
			c.await(t, "an event of the other node", c.has(1))
		})
	}
}

// TestSecretsStayOutOfErrors: a password in a URL is in no error.
func TestSecretsStayOutOfErrors(t *testing.T) {
	srv := runServer(t, `authorization { user: node, password: "s3cret" }`)
	for _, url := range []string{
		"nats://node:hush@" + srv.addr, "nats://hush@" + srv.addr, "node:hush@" + srv.addr, "nats://node:hush@:x",
		"nats://node:hush/1@" + srv.addr, "nats://node:hush?1@" + srv.addr, "nats://node:hush#1@" + srv.addr, "nats://node:1/hush@" + srv.addr,
		"node:p@hush@" + srv.addr, "nats://node:hush,1@" + srv.addr, "nats://node:1,hush@" + srv.addr, "nats://node:%hush@" + srv.addr,
	} {
		_, err := natsbus.New(t.Context(), &natsbus.Options{URL: url, StartTimeout: patience, Logger: logger})
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "hush", url)
		require.NotContains(t, err.Error(), "node", url)
	}
}
