package target

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

// A server in a process of its own is driven over its standard input and output:
// it prints its Info as one line of JSON, then answers each line "stats" with its
// Stats and each line "close", like the end of its input, by ending.

// Serve runs the named server for a parent process until in ends, says close, or
// ctx ends.
func Serve(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	server, err := Start(ctx, name)
	if err != nil {
		return err
	}
	defer server.Close()
	encoder := json.NewEncoder(out)
	if err := encoder.Encode(server.Info()); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan() && ctx.Err() == nil; {
		switch lines.Text() {
		case "stats":
			stats, err := server.Stats(ctx)
			if err != nil {
				return err
			}
			if err := encoder.Encode(stats); err != nil {
				return err
			}
		case "close":
			return server.Close()
		default:
			return fmt.Errorf("the server process was told %q, want stats or close", lines.Text())
		}
	}
	return server.Close()
}

// closeGrace is how long a child may take to end before it is killed.
const closeGrace = 5 * time.Second

// child is a server in a process of its own.
type child struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *json.Decoder
	info Info

	mu   sync.Mutex
	once sync.Once
	err  error
}

// Spawn starts cmd, which must run Serve on its standard input and output, and
// waits until its server runs.
func Spawn(cmd *exec.Cmd) (Server, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.WaitDelay = closeGrace
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, in: in, out: json.NewDecoder(out)}
	if err := c.out.Decode(&c.info); err != nil {
		return nil, fmt.Errorf("the server process did not start: %w", errors.Join(err, c.Close()))
	}
	return c, nil
}

// Info describes the server.
func (c *child) Info() Info { return c.info }

// Stats asks the process; ctx bounds the wait for its turn, not the answer.
func (c *child) Stats(ctx context.Context) (s Stats, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return s, err
	}
	if _, err := io.WriteString(c.in, "stats\n"); err != nil {
		return s, fmt.Errorf("the server process is gone: %w", err)
	}
	if err := c.out.Decode(&s); err != nil {
		return s, fmt.Errorf("the server process is gone: %w", err)
	}
	return s, nil
}

// Close ends the process by ending its input, and kills it if that does not help.
func (c *child) Close() error {
	c.once.Do(func() {
		c.err = c.in.Close()
		kill := time.AfterFunc(closeGrace, func() { _ = c.cmd.Process.Kill() })
		defer kill.Stop()
		c.err = errors.Join(c.err, c.cmd.Wait())
	})
	return c.err
}
