package guard

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDialsComeFromTheNextAddressOfLoopback(t *testing.T) {
	require.Nil(t, source(0))
	require.Equal(t, "127.1.0.1:0", source(1).String())
	require.Equal(t, "127.1.1.0:0", source(256).String())
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, ln.Close()) }()
	g := New(nil, nil)
	g.sources.Store(7)
	conn, err := g.Dial(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Skipf("this system has one loopback address only: %v", err)
	}
	defer func() { require.NoError(t, conn.Close()) }()
	require.Equal(t, "127.1.0.7", conn.LocalAddr().(*net.TCPAddr).IP.String())
}

func TestFilesGivesWhatThereIs(t *testing.T) {
	have := Files(64)
	require.GreaterOrEqual(t, have, uint64(64))
	require.Equal(t, have, Files(64), "a limit that is high enough is left alone")
}
