package runtime

import (
	"cmp"
	"os"
	"sync"
	"syscall"
)

// poller waits for all idle connections of a factory at once, so that none of them needs a goroutine of its own. Each is
// armed for one event; then a goroutine reads what has come, and arms it again. The descriptor of an epoll set can be
// waited for like a socket, by the scheduler itself: no thread is blocked here.
type poller struct {
	once sync.Once
	file *os.File        // the set
	raw  syscall.RawConn // nil: it could not be made, or never will be
	done chan struct{}

	mu    sync.Mutex
	slots []*Conn // by descriptor; guarded by mu
}

// pollBatch is how many connections one look at the set may find.
const pollBatch = 256

// epollOneShot is EPOLLONESHOT, with the type that the events have.
const epollOneShot uint32 = 1 << 30

// ready makes the set when the first socket comes: connections in memory, which can't be in it, need none.
func (p *poller) ready() bool {
	p.once.Do(func() {
		fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
		if err != nil {
			return
		}
		if err := syscall.SetNonblock(fd, true); err != nil {
			_ = syscall.Close(fd)
			return
		}
		file := os.NewFile(uintptr(fd), "epoll")
		raw, err := file.SyscallConn()
		if err != nil {
			_ = file.Close()
			return
		}
		p.file, p.raw, p.done = file, raw, make(chan struct{})
		go p.run()
	})
	return p.raw != nil
}

func (p *poller) run() {
	defer close(p.done)
	var events [pollBatch]syscall.EpollEvent
	var found [pollBatch]*Conn
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) bool {
			n, _ = syscall.EpollWait(int(fd), events[:], 0) // an interruption is asked again
			return n > 0
		})
		if err != nil {
			return // closed
		}
		p.mu.Lock()
		for i, e := range events[:n] {
			found[i] = p.slots[e.Fd]
		}
		p.mu.Unlock()
		for i, c := range found[:n] {
			if found[i] = nil; c != nil {
				c.rouse()
			}
		}
	}
}

// arm asks for one event of the connection's socket. It comes at once if there is something to read already.
func (p *poller) arm(c *Conn) error {
	if !p.ready() {
		return errNoPoller
	}
	var err, serr error
	cerr := c.raw.Control(func(fd uintptr) { serr = p.raw.Control(func(set uintptr) { err = p.add(c, int(set), int(fd)) }) })
	return cmp.Or(cerr, serr, err)
}

func (p *poller) add(c *Conn, set, fd int) error {
	op, ok := p.enlist(c, fd)
	if !ok {
		return errNoPoller
	}
	e := syscall.EpollEvent{Events: syscall.EPOLLIN | syscall.EPOLLRDHUP | epollOneShot, Fd: int32(fd)}
	return syscall.EpollCtl(set, op, fd, &e)
}

// enlist notes whose descriptor it is. A socket that had the number before left the set when it was closed; an event of
// it that is still on its way rouses the wrong connection, which finds nothing to read and is armed again.
func (p *poller) enlist(c *Conn, fd int) (op int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case c.polled == pollNever:
		return 0, false
	case c.polled > 0:
		return syscall.EPOLL_CTL_MOD, true
	}
	c.polled = int32(fd) + 1
	for len(p.slots) <= fd {
		p.slots = append(p.slots, nil)
	}
	p.slots[fd] = c
	return syscall.EPOLL_CTL_ADD, true
}

// forget lets go of a connection whose socket is closed.
func (p *poller) forget(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fd := c.polled - 1; fd >= 0 && p.slots[fd] == c {
		p.slots[fd] = nil
	}
	c.polled = pollNever
}

func (p *poller) end() {
	p.once.Do(func() {}) // none is made any more
	if p.raw != nil {
		_ = p.file.Close()
		<-p.done
	}
}
