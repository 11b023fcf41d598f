package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// post is the server: what is sent to a user reaches all his connections.
type post struct {
	upgrader websocket.Upgrader
	mu       sync.RWMutex
	boxes    map[string]map[*box]bool
}

type box struct {
	mu   sync.Mutex
	conn *websocket.Conn
}

func newPost() *post { return &post{boxes: map[string]map[*box]bool{}} }

// ServeHTTP implements http.Handler.
func (p *post) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	conn, err := p.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	b, user := &box{conn: conn}, r.URL.Query().Get("user")
	p.mu.Lock()
	if p.boxes[user] == nil {
		p.boxes[user] = map[*box]bool{}
	}
	p.boxes[user][b] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.boxes[user], b)
		p.mu.Unlock()
	}()
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var to struct{ To string }
		if json.Unmarshal(frame, &to) == nil {
			p.deliver(to.To, frame)
		}
	}
}

func (p *post) deliver(user string, frame []byte) {
	p.mu.RLock()
	boxes := make([]*box, 0, 1)
	for b := range p.boxes[user] {
		boxes = append(boxes, b)
	}
	p.mu.RUnlock()
	for _, b := range boxes {
		b.mu.Lock()
		_ = b.conn.WriteMessage(websocket.TextMessage, frame)
		b.mu.Unlock()
	}
}

// bare is the client that everyone is measured by: it sends at the same rate,
// reads, and looks at nothing.
func bare(c *config) error {
	var received atomic.Int64
	var all sync.WaitGroup
	for i := range c.users {
		user := fmt.Sprintf("u%05d", i)
		conn, response, err := websocket.DefaultDialer.Dial(c.bare+"?user="+user, nil)
		if err != nil {
			return err
		}
		_ = response.Body.Close()
		go func() {
			for {
				if _, _, err := conn.NextReader(); err != nil {
					return
				}
				received.Add(1)
			}
		}()
		all.Go(func() {
			defer conn.Close()
			tick := time.NewTicker(time.Second / time.Duration(c.rate))
			defer tick.Stop()
			for n := range c.rate * c.seconds {
				<-tick.C
				if conn.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, `{"type":"send","to":%q,"text":"%s:%d"}`, user, user, n)) != nil {
					return
				}
			}
		})
	}
	all.Wait()
	fmt.Println(received.Load())
	return nil
}
