package runtime

import (
	"context"
	"slices"
	"sync"
)

// UserContext is everything that the server holds for one user: the connections, what emitters share, and values of
// the application. There is one per user at a time; it ends when the last emitter and the last connection of the user
// are gone, or by [Factory.Revoke], and a later one for the same user starts empty. All methods may be called from any
// goroutine.
type UserContext struct {
	// What an emit touches comes first, in two cache lines. Guarded by mu, but for owner, which never changes. No I/O
	// and no callback happens while mu is held. There may be a hundred thousand of these: what most users never need is
	// in seldom.
	mu       sync.Mutex
	owner    uint32 // what a queued event is compared with; another one for each context of a factory
	end      endState
	roomHold bool // joined a room before the first connection came
	lastType uint16
	conns    []*Conn
	backlog  *backlog // nil with Raw framing
	types    []typeTally
	oneType  [1]typeTally // where types begins: most users get one type at a time
	oneConn  [1]*Conn     // where conns begins
	active   int64        // last emit or connection, for IdleTTL

	// Never changes.
	f     *Factory
	shard *shard
	user  UserID

	// Guarded by mu.
	emitters int32
	holds    int32 // connections that are not wound down yet
	slots    int32 // connections that count against MaxConnsPerUser
	waiters  int32
	writes   uint64
	written  uint64
	rare     *seldom
	base     context.Context
}

// seldom is the part of a user's context that is made when it is first needed.
type seldom struct {
	tally    tally
	rooms    []*room
	values   map[any]any
	onClose  []func()
	progress chan struct{} // closed when queues moved and somebody waits
	ctx      context.Context
	cancel   context.CancelFunc
	busStop  func()
	recent   recent
}

// nothing stands for what was never needed; nobody writes to it.
var nothing seldom

// seldomLocked gives the part for reading and writing.
func (uc *UserContext) seldomLocked() *seldom {
	if uc.rare == nil {
		uc.rare = new(seldom)
	}
	return uc.rare
}

// knownLocked gives the part for reading alone.
func (uc *UserContext) knownLocked() *seldom {
	if uc.rare == nil {
		return &nothing
	}
	return uc.rare
}

// endState says whether a context lives, and if not, why.
type endState uint8

const (
	ucOpen endState = iota
	ucEnded
	ucRevoked
)

func (e endState) err() error {
	return [...]error{ucOpen: nil, ucEnded: ErrClosed, ucRevoked: ErrRevoked}[e]
}

// User is the user whom this context belongs to.
func (uc *UserContext) User() UserID { return uc.user }

// Pool gives the user's connections.
func (uc *UserContext) Pool() *Pool { return &Pool{uc: uc} }

// Context ends when the user's context ends. It carries the values of the context (or of the request) with which the
// user's context was made, but not its deadline.
func (uc *UserContext) Context() context.Context {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	rare := uc.seldomLocked()
	if rare.ctx == nil {
		rare.ctx, rare.cancel = context.WithCancel(uc.base)
		if uc.end != ucOpen {
			rare.cancel()
		}
	}
	return rare.ctx
}

// Load gets a value that was stored for this user. Keys are compared as interface values; use a type of your own.
func (uc *UserContext) Load(key any) (any, bool) {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	v, ok := uc.knownLocked().values[key]
	return v, ok
}

// Store keeps a value for this user until the context ends. After that it is not kept.
func (uc *UserContext) Store(key, value any) {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	if uc.end != ucOpen {
		return
	}
	rare := uc.seldomLocked()
	if rare.values == nil {
		rare.values = make(map[any]any)
	}
	rare.values[key] = value
}

// Delete forgets a value.
func (uc *UserContext) Delete(key any) {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	delete(uc.knownLocked().values, key)
}

// OnClose asks for a call when the context ends: the last one asked for is called first, each once, without any lock
// held, and a panic in one does not keep the others from running. On a context that has ended it is called at once.
func (uc *UserContext) OnClose(call func()) {
	uc.mu.Lock()
	alive := uc.end == ucOpen
	if alive {
		rare := uc.seldomLocked()
		rare.onClose = append(rare.onClose, call)
	}
	uc.mu.Unlock()
	if !alive {
		uc.f.guard("OnClose", call)
	}
}

// ending is what remains to be done outside the locks when a context ended.
type ending struct {
	uc    *UserContext
	calls []func()
	rooms []*room
	stop  func()
}

// endLocked ends the context if nothing holds it; both locks are held.
func (s *shard) endLocked(uc *UserContext) ending {
	if uc.holds > 0 || (uc.end == ucOpen && (uc.emitters > 0 || uc.roomHold)) {
		return ending{}
	}
	var end ending
	if uc.end == ucOpen {
		end = s.closeLocked(uc, ucEnded)
	}
	counts := uc.countsLocked()
	s.closed.add(&counts)
	uc.writes, uc.written, uc.types = 0, 0, nil
	if uc.rare != nil {
		uc.rare.tally = tally{}
	}
	delete(s.leaving, uc)
	return end
}

// closeLocked takes the context out of the registry. Connections may still wind down: their counts stay with the
// context until the last of them is gone.
func (s *shard) closeLocked(uc *UserContext, why endState) ending {
	delete(s.users, uc.user)
	uc.f.users.Add(-1)
	uc.f.contextsClosed.Add(1)
	uc.end = why
	s.parkLocked(uc)
	if uc.holds > 0 {
		if s.leaving == nil {
			s.leaving = make(map[*UserContext]struct{})
		}
		s.leaving[uc] = struct{}{}
	}
	end := ending{uc: uc}
	if rare := uc.rare; rare != nil {
		end.calls, end.rooms, end.stop = rare.onClose, rare.rooms, rare.busStop
		rare.onClose, rare.rooms, rare.values, rare.busStop = nil, nil, nil, nil
		if rare.cancel != nil {
			rare.cancel()
		}
	}
	uc.notifyLocked()
	return end
}

func (e ending) run() {
	if e.uc == nil {
		return
	}
	for _, r := range e.rooms {
		r.remove(e.uc)
	}
	if e.stop != nil {
		e.stop()
	}
	for _, call := range slices.Backward(e.calls) {
		e.uc.f.guard("OnClose", call)
	}
}

// guard runs a callback of the application and keeps its panic from going further.
func (f *Factory) guard(name string, call func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			f.panics.Add(1)
			err = &PanicError{Callback: name, Value: p}
			f.opts.Logger.Error("wsmig: panic in callback", "callback", name, "panic", p)
		}
	}()
	call()
	return nil
}

// waitLocked gives a channel that is closed at the next progress; the caller counts itself in waiters.
func (uc *UserContext) waitLocked() <-chan struct{} {
	rare := uc.seldomLocked()
	if rare.progress == nil {
		rare.progress = make(chan struct{})
	}
	return rare.progress
}

func (uc *UserContext) notifyLocked() {
	if uc.waiters > 0 && uc.rare.progress != nil {
		close(uc.rare.progress)
		uc.rare.progress = nil
	}
}

func (uc *UserContext) readyLocked() int {
	n := 0
	for _, c := range uc.conns {
		if c.state == StateReady {
			n++
		}
	}
	return n
}
