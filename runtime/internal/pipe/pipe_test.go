package pipe_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/wsmig/wsmig/runtime/internal/pipe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBothWays(t *testing.T) {
	a, b := pipe.New(8)
	var _ net.Conn = a
	sent := bytes.Repeat([]byte("0123456789"), 100)
	go func() {
		if _, err := a.Write(sent); err != nil {
			t.Error(err)
		}
		if err := a.CloseWrite(); err != nil {
			t.Error(err)
		}
	}()
	got, err := io.ReadAll(b)
	require.NoError(t, err)
	require.Equal(t, sent, got, "more than it holds")
	n, err := b.Write([]byte("back"))
	require.NoError(t, err)
	require.Equal(t, 4, n, "the other way is still open")
	buf := make([]byte, 8)
	n, err = a.Read(buf)
	require.NoError(t, err)
	require.Equal(t, "back", string(buf[:n]))
	require.Equal(t, "pipe", a.LocalAddr().Network()+b.RemoteAddr().String()[4:])
	_, err = a.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed, "after CloseWrite")
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe.New(1)
		read, written := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := a.Read(make([]byte, 1))
			read <- err
		}()
		go func() {
			_, err := b.Write([]byte("toolong"))
			written <- err
		}()
		require.NoError(t, <-read)
		synctest.Wait()
		require.NoError(t, a.Close())
		require.NoError(t, a.Close(), "twice is fine")
		require.ErrorIs(t, <-written, io.ErrClosedPipe)
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = a.Write([]byte("x"))
		require.ErrorIs(t, err, net.ErrClosed)
		_, err = b.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := pipe.New(4)
		begun := time.Now()
		require.NoError(t, a.SetDeadline(begun.Add(time.Second)))
		_, err := a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, time.Second, time.Since(begun))
		var ne net.Error
		require.True(t, errors.As(err, &ne) && ne.Timeout())
		synctest.Wait() // for the other timer of the same instant
		n, err := a.Write([]byte("x"))
		require.Zero(t, n)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, a.SetDeadline(time.Time{}))
		require.NoError(t, a.SetWriteDeadline(time.Now().Add(time.Second)))
		n, err = a.Write([]byte("123456"))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.Equal(t, 4, n, "what went in stays in")
		require.NoError(t, a.SetReadDeadline(time.Now().Add(-time.Second)))
		_, err = a.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Hour)), "a deadline that moved does not fire")
		go func() {
			<-time.After(2 * time.Second)
			if _, err := b.Write([]byte("y")); err != nil {
				t.Error(err)
			}
		}()
		n, err = a.Read(make([]byte, 1))
		require.NoError(t, err)
		require.Equal(t, 1, n)
		require.NoError(t, a.Close())
		require.NoError(t, b.Close())
	})
}
