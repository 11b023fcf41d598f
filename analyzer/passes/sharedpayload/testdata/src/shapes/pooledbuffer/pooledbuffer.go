// Package pooledbuffer gives a buffer back to the pool while the queue still holds
// its bytes.
package pooledbuffer

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/gorilla/websocket"
)

var pool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

type client struct {
	conn *websocket.Conn
	send chan []byte
}

func (c *client) write() {
	for msg := range c.send {
		c.conn.WriteMessage(websocketText, msg)
	}
}

const websocketText = 1

func (c *client) deferred(v any) {
	buf := pool.Get().(*bytes.Buffer)
	defer pool.Put(buf)
	buf.Reset()
	json.NewEncoder(buf).Encode(v)
	c.send <- buf.Bytes() // want `^buf goes to the channel c\.send without a copy and is put into a pool afterwards`
}

func (c *client) inline(v any) error {
	buf := pool.Get().(*bytes.Buffer)
	if err := json.NewEncoder(buf).Encode(v); err != nil {
		pool.Put(buf)
		return err
	}
	data := buf.Bytes()
	c.send <- data // want `^buf goes to the channel c\.send without a copy and is reset afterwards`
	buf.Reset()
	pool.Put(buf)
	return nil
}

func (c *client) wrapped(v any) {
	buf := getBuffer()
	defer func() { putBuffer(buf) }()
	json.NewEncoder(buf).Encode(v)
	select {
	case c.send <- buf.Bytes(): // want `^buf goes to the channel c\.send without a copy and is put into a pool afterwards`
	default:
	}
}

func getBuffer() *bytes.Buffer { return pool.Get().(*bytes.Buffer) }

func putBuffer(buf *bytes.Buffer) {
	buf.Reset()
	pool.Put(buf)
}

var slices sync.Pool

func (c *client) slice(v []byte) {
	p := slices.Get().(*[]byte)
	*p = append((*p)[:0], v...)
	c.send <- *p // want `^p goes to the channel c\.send without a copy and is put into a pool afterwards`
	slices.Put(p)
}

// Only what could not be queued goes back.
func (c *client) fallback(v any) {
	buf := getBuffer()
	json.NewEncoder(buf).Encode(v)
	select {
	case c.send <- buf.Bytes():
	default:
		putBuffer(buf)
	}
}

// The bytes are copied first.
func (c *client) copied(v any) {
	buf := getBuffer()
	defer putBuffer(buf)
	json.NewEncoder(buf).Encode(v)
	c.send <- bytes.Clone(buf.Bytes())
	c.send <- append([]byte(nil), buf.Bytes()...)
	c.send <- []byte(buf.String())
}
