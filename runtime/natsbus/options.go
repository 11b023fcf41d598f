package natsbus

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Options configures a [Bus]. The zero value of a field means its default.
type Options struct {
	// URL names one or more servers of the NATS cluster, separated by commas (default nats://127.0.0.1:4222). It may hold
	// a user and password (nats://user:password@host:4222), which no error and no log line repeats; what is special in
	// one, a comma too, has to be escaped.
	URL string
	// NATS is added to how the connection is made: credentials, TLS, a name, an embedded server
	// ([nats.UserCredentials], [nats.UserInfoHandler], [nats.Secure], [nats.RootCAs], [nats.ClientCert],
	// [nats.InProcessServer]). What the bus needs itself (reconnecting for ever, also after a refusal, no echo, no buffering
	// while away) can't be overridden. Credentials are read anew with each connection, so they may be renewed while the node
	// runs.
	NATS []nats.Option
	// Prefix is the first part of every subject and the name of the stream (default "wsmig"): deployments that share a
	// NATS account need different ones. Letters, digits, dash and underscore.
	Prefix string
	// Replicas of the history: 1 (default) to 5, odd. With 3 the loss of one NATS server loses nothing.
	Replicas int
	// FileStorage keeps the history on the NATS servers' disks in place of their memory: it then outlives the restart of
	// all of them, and a publish waits for a disk.
	FileStorage bool
	// MaxBytes bounds the whole history (default 256 MiB, for each replica). When it is reached, the oldest events go
	// before their time, and clients that come back for them get a gap.
	MaxBytes int64
	// StartTimeout is how long [New] and the factory's start wait for NATS (default 10 s). A server that refuses the
	// certificate or the credentials ends the wait at once.
	StartTimeout time.Duration
	// PublishTimeout is how long an Emit waits for the history to have stored the event, through retries, changes of the
	// stream's leader and reconnects, if its context allows (default 5 s). While NATS is away every Emit takes that long
	// to fail.
	PublishTimeout time.Duration
	// ControlTimeout is how long Revoke, Join and Leave wait for the other nodes (default 3 s); see [UnconfirmedError].
	ControlTimeout time.Duration
	// WatchInterval is the time between proofs that what is stored still reaches this node (default 2 s): it bounds how
	// long a loss that nothing else shows stays unnoticed.
	WatchInterval time.Duration
	// CutOff is how long a node without NATS keeps its clients (default 15 s). Then it closes them with 1013, so that they
	// go to another node, and again those who come back before NATS does; it is also how long a revocation may take to
	// reach a node that is cut off.
	CutOff time.Duration
	// Buffer is how many messages may wait for this node (default 65,536). When it overflows, the node catches up from
	// the history.
	Buffer int
	// Logger gets what an operator should see (default slog.Default()).
	Logger *slog.Logger

	_ struct{}
}

const maxReplicas = 5

func (o *Options) resolve() (Options, error) {
	var r Options
	if o != nil {
		r = *o
	}
	if r.URL == "" {
		r.URL = nats.DefaultURL
	}
	if r.Prefix == "" {
		r.Prefix = "wsmig"
	}
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	if r.MaxBytes == 0 {
		r.MaxBytes = 256 << 20
	}
	errs := []error{checkPrefix(r.Prefix), checkServers(r.servers())}
	for _, n := range []struct {
		name string
		v    *int
		def  int
		max  int
	}{{"Replicas", &r.Replicas, 1, maxReplicas}, {"Buffer", &r.Buffer, 65_536, math.MaxInt}} {
		if *n.v == 0 {
			*n.v = n.def
		}
		if *n.v < 0 || *n.v > n.max {
			errs = append(errs, fmt.Errorf("wsmig: natsbus: %s is %d", n.name, *n.v))
		}
	}
	for _, d := range []struct {
		name string
		v    *time.Duration
		def  time.Duration
	}{
		{"StartTimeout", &r.StartTimeout, 10 * time.Second}, {"PublishTimeout", &r.PublishTimeout, 5 * time.Second},
		{"ControlTimeout", &r.ControlTimeout, 3 * time.Second}, {"WatchInterval", &r.WatchInterval, 2 * time.Second},
		{"CutOff", &r.CutOff, 15 * time.Second},
	} {
		if *d.v == 0 {
			*d.v = d.def
		}
		if *d.v < 0 {
			errs = append(errs, fmt.Errorf("wsmig: natsbus: %s is %v", d.name, *d.v))
		}
	}
	if r.Replicas%2 == 0 {
		errs = append(errs, fmt.Errorf("wsmig: natsbus: Replicas is %d: an even number survives no more than the odd one below it", r.Replicas))
	}
	if r.MaxBytes < 0 {
		errs = append(errs, fmt.Errorf("wsmig: natsbus: MaxBytes is %d, it can't be unbounded", r.MaxBytes))
	}
	return r, errors.Join(errs...)
}

// connectOptions puts the bus's own needs behind those of the caller, so that they hold.
func (b *Bus) connectOptions() []nats.Option {
	own := []nats.Option{
		nats.NoEcho(), nats.MaxReconnects(-1), nats.ReconnectWait(100 * time.Millisecond), nats.ReconnectJitter(100*time.Millisecond, time.Second),
		nats.ReconnectBufSize(-1), // an event whose Emit failed must not go out later
		nats.RetryOnFailedConnect(true), nats.PingInterval(2 * time.Second), nats.MaxPingsOutstanding(2), nats.Timeout(2 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.away(err) }),
		nats.ReconnectHandler(func(*nats.Conn) { b.back() }),
		nats.ConnectHandler(func(*nats.Conn) { b.back() }),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) { b.failed(err) }),
		nats.IgnoreAuthErrorAbort(), // credentials are renewed while the node runs
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.trouble(err) }),
	}
	named := append([]nats.Option{nats.Name("wsmig " + b.opts.Prefix)}, b.opts.NATS...)
	return append(named, own...)
}

func (o *Options) servers() string {
	var all []string
	for _, server := range strings.Split(o.URL, ",") {
		if server = strings.TrimSpace(server); server != "" {
			all = append(all, server)
		}
	}
	return strings.Join(all, ",")
}
