package target

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// message is what clients of the built-in protocol send.
type message struct {
	Type  string `json:"type"`
	To    string `json:"to"`
	Text  string `json:"text"`
	Room  string `json:"room"`
	ID    string `json:"id"`
	Q     string `json:"q"`
	User  string `json:"user"`
	Token string `json:"token"`
}

// notice is the body of POST /notify and POST /revoke.
type notice struct {
	User    string          `json:"user"`
	Text    string          `json:"text"`
	Profile json.RawMessage `json:"profile,omitempty"`
}

// frame is what clients get.
type frame struct {
	Type string `json:"type"`
	Data any    `json:"data,omitempty"`
}

const (
	maxMessage   = 4 << 20
	writeTimeout = 5 * time.Second
)

// crowd keeps the sockets of one server, so that closing it ends them all and
// waits for those who serve them.
type crowd struct {
	up     websocket.Upgrader
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu    sync.Mutex
	peers map[*peer]bool
	over  bool
}

func newCrowd() *crowd {
	ctx, cancel := context.WithCancel(context.Background())
	return &crowd{ctx: ctx, cancel: cancel, peers: map[*peer]bool{}, up: websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}}
}

// peer is one client's socket; gorilla allows one writer at a time.
type peer struct {
	ws      *websocket.Conn
	writing sync.Mutex
}

// accept upgrades a request. The caller serves the peer and then calls leave.
func (c *crowd) accept(w http.ResponseWriter, r *http.Request) (*peer, bool) {
	ws, err := c.up.Upgrade(w, r, nil)
	if err != nil {
		return nil, false // Upgrade has answered
	}
	ws.SetReadLimit(maxMessage)
	p := &peer{ws: ws}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		_ = ws.Close()
		return nil, false
	}
	c.peers[p] = true
	c.wg.Add(1)
	return p, true
}

func (c *crowd) leave(p *peer) {
	c.mu.Lock()
	delete(c.peers, p)
	c.mu.Unlock()
	_ = p.ws.Close() // it may be closed already
	c.wg.Done()
}

// spawn runs f until it returns; it must end when ctx does.
func (c *crowd) spawn(f func(ctx context.Context)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.wg.Add(1)
	go func() {
		defer c.wg.Done()
		f(c.ctx)
	}()
}

func (c *crowd) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.peers)
}

func (c *crowd) close() {
	c.mu.Lock()
	c.over = true
	for p := range c.peers {
		_ = p.ws.Close()
	}
	c.mu.Unlock()
	c.cancel()
	c.wg.Wait()
}

func deadline() time.Time { return time.Now().Add(writeTimeout) }

// send writes one frame. An error is the reader's to see as well, so callers that
// can do nothing about it may drop it.
func (p *peer) send(kind int, data []byte) error {
	p.writing.Lock()
	defer p.writing.Unlock()
	_ = p.ws.SetWriteDeadline(deadline()) // fails only on a closed socket, like the write
	return p.ws.WriteMessage(kind, data)
}

func (p *peer) sendJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return p.send(websocket.TextMessage, data)
}

// each reads the client's messages until the socket ends or handle returns false.
func (p *peer) each(handle func(m *message) bool) {
	for {
		_, data, err := p.ws.ReadMessage()
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(data, &m) != nil {
			_ = p.sendJSON(frame{Type: "error", Data: "not a message"})
			continue
		}
		if !handle(&m) {
			return
		}
	}
}

// body reads the JSON body of a POST request.
func body(w http.ResponseWriter, r *http.Request, v any) bool {
	if r.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return false
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(v); err != nil {
		http.Error(w, "not the JSON that is expected here", http.StatusBadRequest)
		return false
	}
	return true
}
