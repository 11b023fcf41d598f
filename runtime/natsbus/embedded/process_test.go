package embedded_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// asServer makes the test program a NATS server with the configuration file that it names.
const asServer = "WSMIG_TEST_NATS_CONFIG"

// serveNATS is what such a process does: what the nats-server program does, and it prints where it listens.
func serveNATS(config string) error {
	opts, err := server.ProcessConfigFile(config)
	if err != nil {
		return err
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return err
	}
	ns.ConfigureLogger()
	go ns.Start()
	if !ns.ReadyForConnections(patience) {
		return fmt.Errorf("not ready")
	}
	fmt.Println(ns.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends with the test program, however that ends
		ns.Shutdown()
	}()
	ns.WaitForShutdown()
	return nil
}

// separate is a NATS server in a process of its own, as a cluster that runs elsewhere.
type separate struct {
	t    *testing.T
	file string
	cmd  *exec.Cmd
	addr string
}

// runServer starts a server with a configuration to which address and store are added.
func runServer(t *testing.T, config string) *separate {
	t.Helper()
	p := &separate{t: t, file: filepath.Join(t.TempDir(), "nats.conf"), addr: "127.0.0.1:-1"}
	p.configure(config)
	p.start()
	t.Cleanup(p.kill)
	return p
}

func (p *separate) configure(config string) {
	p.t.Helper()
	dir := filepath.Dir(p.file)
	config += fmt.Sprintf("\nlisten: %q\nlogfile: %q\n", p.addr, filepath.Join(dir, "nats.log"))
	if !strings.Contains(config, "jetstream") {
		config += fmt.Sprintf("jetstream { store_dir: %q, max_memory_store: 256MiB, max_file_store: 256MiB }\n", dir)
	}
	require.NoError(p.t, os.WriteFile(p.file, []byte(config), 0o600))
}

func (p *separate) start() {
	p.t.Helper()
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), asServer+"="+p.file)
	p.cmd.Stderr = logWriter()
	_, err := p.cmd.StdinPipe()
	require.NoError(p.t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(p.t, err)
	require.NoError(p.t, p.cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(p.t, err, "the NATS server does not start")
	p.addr = strings.TrimSpace(line)
}

func (p *separate) url() string { return "nats://" + p.addr }

// kill ends the process as a machine that dies ends it: nothing is handed over or written down.
func (p *separate) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// reload has the server read its configuration again.
func (p *separate) reload(config string) {
	p.t.Helper()
	p.configure(config)
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGHUP))
}

// restart kills the server and starts it again where it was, with what it had on disk.
func (p *separate) restart(config string) {
	p.t.Helper()
	p.kill()
	p.configure(config)
	p.start()
}
