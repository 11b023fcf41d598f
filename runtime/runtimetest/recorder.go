package runtimetest

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Frame is one message as a client received it. The fields of the envelope are empty for a message that has none.
type Frame struct {
	Raw     []byte                `json:"-"`
	MT      wsruntime.MessageType `json:"-"`
	Version int                   `json:"v"`
	Type    string                `json:"type"`
	ID      string                `json:"id"`
	Seq     uint64                `json:"seq"`
	Epoch   string                `json:"epoch"`
	Session string                `json:"session"`
	Thread  wsruntime.ThreadID    `json:"thread"`
	TS      string                `json:"ts"`
	Data    json.RawMessage       `json:"data"`
	From    uint64                `json:"from"`
	To      uint64                `json:"to"`
	Reason  string                `json:"reason"`
}

// Control tells whether the frame is one of the server's own.
func (f Frame) Control() bool { return strings.HasPrefix(f.Type, "wsmig.") }

// Recorder reads a client's end and keeps what came. Its methods may be called from any goroutine.
type Recorder struct {
	t  testing.TB
	ws *websocket.Conn

	mu     sync.Mutex
	moved  chan struct{} // closed and replaced whenever something changes
	frames []Frame
	err    error
	done   chan struct{}
}

// waitTime is how long the waiting methods wait before they fail the test.
const waitTime = time.Minute

// Record connects user as [Pipe] does and records everything from the first frame on.
func Record(t testing.TB, f *wsruntime.Factory, user wsruntime.UserID) *Recorder {
	t.Helper()
	return NewRecorder(t, Pipe(t, f, user))
}

// NewRecorder records from a connection that the test made itself. It reads until the connection ends, which it does
// with the test at the latest.
func NewRecorder(t testing.TB, ws *websocket.Conn) *Recorder {
	r := &Recorder{t: t, ws: ws, moved: make(chan struct{}), done: make(chan struct{})}
	go r.read()
	t.Cleanup(func() {
		_ = ws.Close()
		<-r.done
	})
	return r
}

func (r *Recorder) read() {
	defer close(r.done)
	for {
		mt, p, err := r.ws.ReadMessage()
		r.mu.Lock()
		if err != nil {
			r.err = err
		} else {
			fr := Parse(p)
			fr.MT = wsruntime.MessageType(mt)
			r.frames = append(r.frames, fr)
		}
		close(r.moved)
		r.moved = make(chan struct{})
		r.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Parse reads a message as a client would: the envelope's fields if it has one, or the bytes alone.
func Parse(p []byte) Frame {
	f := Frame{Raw: p, MT: wsruntime.TextMessage}
	if err := json.Unmarshal(p, &f); err != nil || f.Version != 1 {
		return Frame{Raw: p, MT: wsruntime.TextMessage}
	}
	return f
}

// Conn is the client's end.
func (r *Recorder) Conn() *websocket.Conn { return r.ws }

// Frames gives everything that has come, the server's own frames included.
func (r *Recorder) Frames() []Frame {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Frame(nil), r.frames...)
}

// Events gives what has come without the server's own frames.
func (r *Recorder) Events() []Frame { return events(r.Frames()) }

func events(frames []Frame) []Frame {
	var kept []Frame
	for _, f := range frames {
		if !f.Control() {
			kept = append(kept, f)
		}
	}
	return kept
}

// Wait waits until n events have come and returns them all; it fails the test when they don't.
func (r *Recorder) Wait(n int) []Frame {
	r.t.Helper()
	got := r.until(func(frames []Frame) bool { return len(events(frames)) >= n })
	if len(events(got)) < n {
		r.t.Fatalf("runtimetest: %d events came, %d were waited for (%v)", len(events(got)), n, r.Err())
	}
	return events(got)
}

// WaitType waits for a frame of this type, which may be one of the server's own, and returns the first.
func (r *Recorder) WaitType(name string) Frame {
	r.t.Helper()
	var found Frame
	r.until(func(frames []Frame) bool {
		for _, f := range frames {
			if f.Type == name {
				found = f
				return true
			}
		}
		return false
	})
	if found.Type == "" {
		r.t.Fatalf("runtimetest: no frame of type %q came (%v)", name, r.Err())
	}
	return found
}

// WaitClosed waits until the server closed the connection and returns the close code, 1006 for a connection that ended
// without a close frame.
func (r *Recorder) WaitClosed() int {
	r.t.Helper()
	select {
	case <-r.done:
	case <-time.After(waitTime):
		r.t.Fatal("runtimetest: the connection is still open")
	}
	var ce *websocket.CloseError
	if errors.As(r.Err(), &ce) {
		return ce.Code
	}
	return websocket.CloseAbnormalClosure
}

// Err is the error that ended the reading, nil while it goes on.
func (r *Recorder) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// until waits for a condition on the frames, the end of the connection, or waitTime.
func (r *Recorder) until(ok func([]Frame) bool) []Frame {
	late := time.NewTimer(waitTime)
	defer late.Stop()
	for {
		r.mu.Lock()
		frames, moved, err := r.frames[:len(r.frames):len(r.frames)], r.moved, r.err
		r.mu.Unlock()
		if ok(frames) || err != nil {
			return frames
		}
		select {
		case <-moved:
		case <-late.C:
			return frames
		}
	}
}
