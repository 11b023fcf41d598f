package faults_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/loadtest/internal/faults"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo starts a server that sends back what it gets, and a proxy before it.
func echo(t *testing.T) (*faults.Proxy, chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ended := make(chan error, 8)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				_, err := io.Copy(conn, conn)
				ended <- err
				_ = conn.Close()
			})
		}
	})
	p, err := faults.New(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", ln.Addr().String())
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, p.Close())
		require.NoError(t, ln.Close())
		all.Wait()
	})
	return p, ended
}

func talk(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	_, err := conn.Write([]byte(text))
	require.NoError(t, err)
	got := make([]byte, len(text))
	_, err = io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, text, string(got))
}

func TestFaultsThatLoseNothingKeepEveryByteInOrder(t *testing.T) {
	p, _ := echo(t)
	for name, f := range map[string]faults.Fault{
		"none": {}, "delay": {Delay: 5 * time.Millisecond, Jitter: 5 * time.Millisecond}, "split": {Split: 1}, "pace": {Pace: 20_000},
	} {
		conn, link, err := p.Dial(t.Context())
		require.NoError(t, err, name)
		link.Set(f)
		began := time.Now()
		talk(t, conn, string(bytes.Repeat([]byte("0123456789"), 60)))
		if f.Delay > 0 {
			require.GreaterOrEqual(t, time.Since(began), 2*f.Delay, name)
		}
		if f.Pace > 0 {
			require.GreaterOrEqual(t, time.Since(began), 20*time.Millisecond, name)
		}
		require.NoError(t, conn.Close())
	}
}

func TestResetAndDropEndBothSides(t *testing.T) {
	p, ended := echo(t)
	conn, link, err := p.Dial(t.Context())
	require.NoError(t, err)
	talk(t, conn, "hello")
	link.Reset()
	_, err = conn.Read(make([]byte, 1))
	require.True(t, errors.Is(err, syscall.ECONNRESET), "%v", err)
	require.Error(t, <-ended)
	require.NoError(t, conn.Close())

	conn, link, err = p.Dial(t.Context())
	require.NoError(t, err)
	talk(t, conn, "hello")
	link.Drop()
	_, err = conn.Read(make([]byte, 1))
	require.Equal(t, io.EOF, err)
	<-ended
	require.NoError(t, conn.Close())
}

func TestAFrozenLinkLooksAliveToBoth(t *testing.T) {
	p, ended := echo(t)
	conn, link, err := p.Dial(t.Context())
	require.NoError(t, err)
	talk(t, conn, "hello")
	link.Freeze()
	_, err = conn.Write([]byte("lost"))
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Empty(t, ended, "the server has not noticed")
	link.Reset()
	<-ended
	require.NoError(t, conn.Close())
}

func TestNobodyBehindTheProxy(t *testing.T) {
	p, err := faults.New(func(context.Context) (net.Conn, error) { return nil, errors.New("nobody") })
	require.NoError(t, err)
	if conn, _, err := p.Dial(t.Context()); err == nil { // the reset may be quicker
		_, err = conn.Read(make([]byte, 1))
		require.Error(t, err)
		require.NoError(t, conn.Close())
	}
	require.NoError(t, p.Close())
	_, _, err = p.Dial(t.Context())
	require.ErrorIs(t, err, faults.ErrClosed)
}
