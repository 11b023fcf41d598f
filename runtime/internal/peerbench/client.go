package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// reader is the client process: one thread and one epoll for all connections, so that the client costs as little as it
// can and the same for every server.
type reader struct {
	epoll    int
	conns    map[int32]*conn
	buf      []byte
	total    uint64
	told     uint64
	progress net.Conn
	latency  *hdr.Histogram
	asks     chan string
	err      error
}

type conn struct {
	fd     int
	user   string
	expect []byte // what the next event begins with: its user and number
	rest   []byte
}

type latencies struct{ P50, P99, Max int64 } // microseconds

func client(c *config) error {
	r := &reader{conns: map[int32]*conn{}, buf: make([]byte, 1<<20), latency: hdr.New(1, 60_000_000, 3), asks: make(chan string)}
	var err error
	if r.epoll, err = syscall.EpollCreate1(0); err != nil {
		return err
	}
	for i := range c.n {
		if err := r.connect(c.addr, i, c.kind); err != nil {
			return fmt.Errorf("user %d: %w", i, err)
		}
	}
	if c.idle == 0 {
		if r.progress, err = net.Dial("tcp", c.addr); err != nil {
			return err
		}
		if _, err := io.WriteString(r.progress, "GET /progress HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return err
		}
	}
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() {
			r.asks <- in.Text()
		}
		close(r.asks)
	}()
	fmt.Println("ready")
	return r.loop()
}

func (r *reader) connect(addr string, i int, kind string) error {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	user := name(i)
	_, err = fmt.Fprintf(nc, "GET /ws?user=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", user, addr)
	if err != nil {
		return err
	}
	rd := bufio.NewReader(nc)
	for line := ""; line != "\r\n"; {
		if line, err = rd.ReadString('\n'); err != nil {
			return err
		}
	}
	if kind == "centrifuge" {
		if err := centrifugeConnect(nc, rd); err != nil {
			return err
		}
	}
	rest, _ := rd.Peek(rd.Buffered())
	rest = append([]byte(nil), rest...)
	file, err := nc.(*net.TCPConn).File()
	if err != nil {
		return err
	}
	fd, err := syscall.Dup(int(file.Fd()))
	if err != nil {
		return err
	}
	file.Close()
	nc.Close()
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	r.conns[int32(fd)] = &conn{fd: fd, user: user, expect: firstEvent(user), rest: rest}
	return syscall.EpollCtl(r.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

// centrifugeConnect does what its protocol wants before anything is sent.
func centrifugeConnect(nc net.Conn, rd *bufio.Reader) error {
	cmd := []byte(`{"id":1,"connect":{}}`)
	frame := append([]byte{0x81, 0x80 | byte(len(cmd)), 0, 0, 0, 0}, cmd...)
	if _, err := nc.Write(frame); err != nil {
		return err
	}
	var h [2]byte
	if _, err := io.ReadFull(rd, h[:]); err != nil {
		return err
	}
	_, err := rd.Discard(int(h[1]))
	return err
}

func (r *reader) loop() error {
	events := make([]syscall.EpollEvent, 512)
	for {
		n, err := syscall.EpollWait(r.epoll, events, 5)
		if err != nil && err != syscall.EINTR {
			return err
		}
		for i := range max(n, 0) {
			if err := r.read(r.conns[events[i].Fd]); err != nil {
				return err
			}
			if r.total-r.told > 1024 {
				r.tell()
			}
		}
		if n <= 0 { // at each event it would cost more than the event, and be most of the latency
			r.tell()
		}
		select {
		case ask, ok := <-r.asks:
			if !ok {
				return nil
			}
			if err := r.answer(ask); err != nil {
				return err
			}
		default:
		}
	}
}

func (r *reader) tell() {
	if r.total == r.told || r.progress == nil {
		return
	}
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], r.total)
	_, _ = r.progress.Write(b[:])
	r.told = r.total
}

func (r *reader) answer(ask string) error {
	switch {
	case ask == "latency":
		l := latencies{r.latency.ValueAtQuantile(50), r.latency.ValueAtQuantile(99), r.latency.Max()}
		r.latency.Reset()
		return json.NewEncoder(os.Stdout).Encode(l)
	case strings.HasPrefix(ask, "stall"):
		for _, c := range r.conns {
			if strings.HasSuffix(c.user, stalledSuffix) {
				if err := syscall.SetsockoptInt(c.fd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096); err != nil {
					return err
				}
				if err := syscall.EpollCtl(r.epoll, syscall.EPOLL_CTL_DEL, c.fd, nil); err != nil {
					return err
				}
			}
		}
		fmt.Println("{}")
	}
	return nil
}

func (r *reader) read(c *conn) error {
	have := copy(r.buf, c.rest)
	n, err := syscall.Read(c.fd, r.buf[have:])
	switch {
	case err == syscall.EAGAIN || err == syscall.EINTR:
		return nil
	case err != nil:
		return err
	case n == 0:
		return errors.New("server closed " + c.user)
	}
	data := r.buf[:have+n]
	for {
		payload, size := frame(data)
		if size == 0 {
			break
		}
		if err := r.count(c, payload); err != nil {
			return err
		}
		data = data[size:]
	}
	c.rest = append(c.rest[:0], data...)
	return nil
}

// frame cuts the first whole frame off; size 0 means that there is none yet.
func frame(b []byte) (payload []byte, size int) {
	if len(b) < 2 {
		return nil, 0
	}
	head, n := 2, int(b[1]&0x7f)
	switch n {
	case 126:
		if len(b) < 4 {
			return nil, 0
		}
		head, n = 4, int(binary.BigEndian.Uint16(b[2:]))
	case 127:
		if len(b) < 10 {
			return nil, 0
		}
		head, n = 10, int(binary.BigEndian.Uint64(b[2:]))
	}
	if len(b) < head+n {
		return nil, 0
	}
	return b[head : head+n], head + n
}

// firstEvent is the beginning of a user's event number 1, up to the time.
func firstEvent(user string) []byte {
	b := append([]byte(nil), template[:seqAt+seqLen]...)
	copy(b[userAt:], user)
	b[len(b)-1] = '1'
	return b
}

// count finds the events in a message (some servers put several into one) and checks owner and order of each.
func (r *reader) count(c *conn, p []byte) error {
	for len(p) >= payloadSize {
		if !bytes.HasPrefix(p, c.expect) {
			i := bytes.Index(p, c.expect[:userAt])
			if i < 0 {
				return nil
			}
			if p = p[i:]; !bytes.HasPrefix(p, c.expect) {
				return fmt.Errorf("%s got %.*s, %s was next", c.user, len(c.expect), p, c.expect)
			}
		}
		for i := len(c.expect) - 1; ; i-- {
			if c.expect[i]++; c.expect[i] <= '9' {
				break
			}
			c.expect[i] = '0'
		}
		r.total++
		if p[timeAt+1] != '0' { // 1e18 stands for no stamp; it was in 2001
			stamp := digits(p[timeAt : timeAt+timeLen])
			if err := r.latency.RecordValue(max((time.Now().UnixNano()-stamp)/1000, 1)); err != nil {
				return err
			}
		}
		p = p[payloadSize:]
	}
	return nil
}

func digits(b []byte) int64 {
	var v int64
	for _, c := range b {
		v = v*10 + int64(c-'0')
	}
	return v
}
