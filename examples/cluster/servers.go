package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/wsmig/wsmig/runtime/natsbus/embedded"
)

// servers are the NATS servers of a deployment in one process.
type servers []member

type member struct {
	*embedded.Server
	dir string
}

// routePort is where the first of them listens for the others.
const routePort = 16222

func startServers(ctx context.Context, n int) (all servers, err error) {
	for i := range n {
		dir, err := os.MkdirTemp("", "cluster-nats-")
		if err != nil {
			return nil, errors.Join(err, all.stop())
		}
		o := &embedded.Options{Name: "n" + strconv.Itoa(i), StoreDir: dir}
		if n > 1 {
			o.ClusterHost, o.ClusterPort = "127.0.0.1", routePort+i
			for j := range n {
				if j == i {
					continue
				}
				o.Routes = append(o.Routes, fmt.Sprintf("nats-route://127.0.0.1:%d", routePort+j))
			}
		}
		s, err := embedded.Start(ctx, o)
		if err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir), all.stop())
		}
		all = append(all, member{s, dir})
	}
	return all, nil
}

func (all servers) stop() error {
	var errs []error
	for _, m := range all {
		m.Shutdown()
		errs = append(errs, os.RemoveAll(m.dir))
	}
	return errors.Join(errs...)
}
