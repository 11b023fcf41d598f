// Package waited waits for the writer before it uses the memory again.
package waited

import "github.com/gorilla/websocket"

type job struct {
	data []byte
	done chan struct{}
}

type client struct {
	conn *websocket.Conn
	jobs chan *job
}

func (c *client) write() {
	for j := range c.jobs {
		c.conn.WriteMessage(1, j.data)
		close(j.done)
	}
}

func (c *client) emit(next func() []byte) {
	j := &job{}
	for {
		j.done = make(chan struct{})
		j.data = next()
		c.jobs <- j
		<-j.done
	}
}

func (c *client) once(b []byte) {
	done := make(chan struct{})
	c.jobs <- &job{b, done}
	<-done
	b[0] = 0
}
