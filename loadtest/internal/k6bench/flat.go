package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/gorilla/websocket"
)

// together is how many frames the server puts into one write.
const together = 64

// flood is the server of the flat-out mode: it sends what it was given as fast as
// the clients read, and so no client pays for asking.
type flood struct {
	upgrader websocket.Upgrader
	users    int
	mu       sync.Mutex
	conns    map[string]*websocket.Conn
	texts    map[string][]string
	all      chan struct{} // everybody has come
}

func newFlood(users int) *flood {
	return &flood{users: users, conns: map[string]*websocket.Conn{}, texts: map[string][]string{}, all: make(chan struct{})}
}

// ServeHTTP implements http.Handler: /flat connects somebody who is sent events of
// the server's own making once all have come, /load takes lines of "user text",
// /go sends those, anything else connects.
func (f *flood) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/load":
		f.load(r)
	case "/go":
		f.play()
	default:
		f.connect(w, r)
	}
}

func (f *flood) load(r *http.Request) {
	lines := bufio.NewScanner(r.Body)
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.texts)
	for lines.Scan() {
		user, text, _ := strings.Cut(lines.Text(), " ")
		f.texts[user] = append(f.texts[user], text)
	}
}

func (f *flood) play() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for user, texts := range f.texts {
		blocks := blocksOf(user, len(texts), func(i int) string { return texts[i] })
		conn := f.conns[user].NetConn()
		go func() {
			for _, block := range blocks {
				if _, err := conn.Write(block); err != nil {
					return
				}
			}
		}()
	}
}

func (f *flood) connect(w http.ResponseWriter, r *http.Request) {
	conn, err := f.upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	user := r.URL.Query().Get("user")
	f.mu.Lock()
	f.conns[user] = conn
	if len(f.conns) == f.users {
		close(f.all)
	}
	f.mu.Unlock()
	if events, _ := strconv.Atoi(r.URL.Query().Get("events")); events > 0 {
		<-f.all
		for sent := 0; sent < events; sent += together {
			for _, block := range blocksOf(user, min(together, events-sent), func(i int) string { return fmt.Sprintf("%s:%07d %-20s", user, sent+i, "event") }) {
				if _, err := conn.NetConn().Write(block); err != nil {
					return
				}
			}
		}
	}
	for {
		if _, _, err := conn.NextReader(); err != nil {
			return
		}
	}
}

// blocksOf makes n frames of some 140 bytes, and puts several into each block.
func blocksOf(user string, n int, text func(i int) string) (blocks [][]byte) {
	for i := range n {
		if i%together == 0 {
			blocks = append(blocks, nil)
		}
		payload := fmt.Sprintf(`{"type":"message","from":%q,"id":%08d,"text":%q,"ts":"2026-01-02T03:04:05.678Z"}`, user, i, text(i))
		b := &blocks[len(blocks)-1]
		*b = binary.BigEndian.AppendUint16(append(*b, 0x81, 126), uint16(len(payload)))
		*b = append(*b, payload...)
	}
	return blocks
}

// flat compares what a received event costs when the server sends flat out. The
// cost of starting and connecting is taken out: each client is run twice, with few
// and with many events, but for wsmig, which takes its own time while it receives.
func (c *config) flat() error {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(table, "client\tcheck\tevents\tCPU us per event\tpeak MiB\tKiB per user\t\t\n")
	clients := c.wanted(c.flatClients())
	if err := c.build(clients); err != nil {
		return err
	}
	for _, one := range clients {
		few, err := c.flatRun(&one, c.events/10)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		many, err := c.flatRun(&one, c.events)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		per := float64(many.cpu-few.cpu) / 1e3 / float64(max(many.events-few.events, 1))
		fmt.Fprintf(table, "%s\t%s\t%d\t%.2f\t%.0f\t%.1f\t%s\t\n", one.name, one.check, many.events, per, float64(many.peak)/1024,
			float64(many.peak)/float64(c.users), many.note)
	}
	return table.Flush()
}

func (c *config) flatRun(one *client, events int) (measured, error) {
	server, done := serve(newFlood(c.users))
	defer done()
	c.target = server
	run := *one
	run.args = append([]string{}, one.args...)
	for i, arg := range run.args {
		run.args[i] = strings.NewReplacer("TARGET", c.target, "EVENTS", strconv.Itoa(events)).Replace(arg)
	}
	run.env = append(run.env, "TARGET="+c.target, "EVENTS="+strconv.Itoa(events))
	return c.measure(&run)
}
