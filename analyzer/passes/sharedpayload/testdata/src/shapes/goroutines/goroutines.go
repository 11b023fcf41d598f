// Package goroutines lets a goroutine write while the buffer goes on to be used.
package goroutines

import (
	"io"
	"sync"

	"github.com/gorilla/websocket"
)

func each(conns []*websocket.Conn, source io.Reader) {
	buf := make([]byte, 512)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		for _, conn := range conns {
			go conn.WriteMessage(1, buf[:n]) // want `^buf goes to a goroutine without a copy and is read into afterwards`
		}
	}
}

func literal(conn *websocket.Conn, b []byte) {
	go func() {
		conn.WriteMessage(1, b) // want `^b goes to a goroutine without a copy and is changed afterwards`
	}()
	b[0] = 0
}

func send(conn *websocket.Conn, b []byte) { conn.WriteMessage(1, b) }

func named(conn *websocket.Conn, b []byte) {
	go send(conn, b) // want `^b goes to a goroutine without a copy and is cleared afterwards`
	clear(b)
}

func waited(conns []*websocket.Conn, b []byte) {
	var wg sync.WaitGroup
	for _, conn := range conns {
		wg.Go(func() { conn.WriteMessage(1, b) })
		wg.Add(1)
		go func() {
			defer wg.Done()
			conn.WriteMessage(1, b)
		}()
	}
	wg.Wait()
	b[0] = 0
}
