// Package library gives its buffer to a library that queues without a copy.
package library

import (
	"io"

	"github.com/olahol/melody"
)

func feed(m *melody.Melody, source io.Reader) {
	buf := make([]byte, 512)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		m.Broadcast(buf[:n]) // want `^buf goes to m\.Broadcast without a copy and is read into afterwards`
	}
}

func one(s *melody.Session, b []byte) {
	s.Write(b) // want `^b goes to s\.Write without a copy and is changed afterwards`
	b[0] = 0
}

func fine(s *melody.Session, b []byte) {
	b[0] = 0
	s.Write(b)
}
