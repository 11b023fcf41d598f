package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// broker is a process that nodes talk through.
type broker struct {
	cmd  *exec.Cmd
	addr string
}

func serveNATS() error {
	dir, err := os.MkdirTemp("", "peerbench-nats-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ns, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir, JetStreamMaxMemory: 2 << 30})
	if err != nil {
		return err
	}
	go ns.Start()
	if !ns.ReadyForConnections(time.Minute) {
		return errors.New("the NATS server is not ready")
	}
	fmt.Println(ns.Addr())
	_, _ = bufio.NewReader(os.Stdin).ReadByte() // until whoever started it ends
	ns.Shutdown()
	return nil
}

func startNATS() (*broker, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	b := &broker{cmd: exec.Command(self, "-role", "nats")}
	if _, err := b.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	b.addr, err = bufio.NewReader(out).ReadString('\n')
	b.addr = strings.TrimSpace(b.addr)
	return b, err
}

func startRedis() (*broker, error) {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return nil, errors.New("not measured: no redis-server in PATH")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &broker{addr: ln.Addr().String()}
	_ = ln.Close()
	_, port, _ := net.SplitHostPort(b.addr)
	b.cmd = exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
	if err := b.cmd.Start(); err != nil {
		return nil, err
	}
	for late := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		c, err := net.Dial("tcp", b.addr)
		if err == nil {
			return b, c.Close()
		}
		if time.Now().After(late) {
			b.stop()
			return nil, err
		}
	}
}

func (b *broker) stop() {
	if b != nil {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
	}
}

// cpu is the CPU time that the broker has used, in seconds.
func (b *broker) cpu() float64 {
	if b == nil {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", b.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	const user, system, ticks = 11, 12, 100 // fields behind the name, and clock ticks a second
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	u, _ := strconv.ParseFloat(fields[user], 64)
	s, _ := strconv.ParseFloat(fields[system], 64)
	return (u + s) / ticks
}

// rss is the memory that the broker has, in KB.
func (b *broker) rss() float64 {
	if b == nil {
		return 0
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kb, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	return kb
}
