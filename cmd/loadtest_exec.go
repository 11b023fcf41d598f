package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"time"
)

const (
	startLimit = 60 * time.Second // go run compiles first
	stopLimit  = 5 * time.Second
)

// startUserServer runs the user's command and waits until the target's port
// answers. What it returns stops the command and all that it started.
func (s *IO) startUserServer(ctx context.Context, command, address string) (stop func() error, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if answers(ctx, u) {
		return nil, fmt.Errorf("something answers at %s already, before the command was started", u.Host)
	}
	cmd := shell(command)
	cmd.Dir, cmd.Env = s.Dir, s.Environ()
	cmd.Stdout, cmd.Stderr = s.Err, s.Err
	if s.Quiet {
		cmd.Stdout, cmd.Stderr = nil, nil
	}
	cmd.WaitDelay = stopLimit
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop = func() error {
		err := stopUserServer(cmd, ended)
		awaitRelease(context.WithoutCancel(ctx), u)
		return err
	}
	if err := awaitServer(ctx, u, ended); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

func awaitServer(ctx context.Context, u *url.URL, ended chan error) error {
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			ended <- err
			if err == nil {
				err = errors.New("it ended with exit code 0")
			}
			return fmt.Errorf("the command ended before the server answered: %w", err)
		case <-limit.C:
			return fmt.Errorf("nothing answered at %s within %v", u.Host, startLimit)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if answers(ctx, u) {
				return nil
			}
		}
	}
}

// awaitRelease waits until the port is free for the next start: a shell may have ended
// before the server that it began. A port that stays taken is that start's to tell.
func awaitRelease(ctx context.Context, u *url.URL) {
	for end := time.Now().Add(stopLimit); answers(ctx, u) && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
}

// answers reports whether the port accepts connections.
func answers(ctx context.Context, u *url.URL) bool {
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(strings.Trim(host, "[]"), map[string]string{"ws": "80", "wss": "443"}[u.Scheme])
	}
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", host)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

// stopUserServer asks the command to end, then makes it.
func stopUserServer(cmd *exec.Cmd, ended chan error) error {
	for _, end := range []func(*exec.Cmd) error{terminate, kill} {
		if err := end(cmd); err != nil {
			break // it is gone
		}
		select {
		case <-ended:
			return nil
		case <-time.After(stopLimit):
		}
	}
	select {
	case <-ended:
		return nil
	case <-time.After(stopLimit):
		return errors.New("the command does not end")
	}
}
