package corpus

import (
	"net/http"
	"sync"
	"time"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/frames"
)

// The reader answers a ping while the writer is in the middle of a message, and
// the pong lands inside it: gobwas/ws (issue 100), shellhub (6829), http4s (7882).
var m10 = mechanism{
	number: "M10", name: "spliced-frames",
	what:    "the lock is held for a write and not for a frame, so that the answer to a ping gets into the middle of a message",
	instead: "a lock is held from a frame's first byte to its last",
	format:  chat.JSON, auth: chat.ByQuery, ready: chat.JSONReady,
	emit: []string{chat.JSONSend, chat.JSONNotify},
	more: []string{chat.JSONRequest, chat.JSONLogout},
	wire: func(s *chat.Service, fixed bool) {
		s.Upgrade = func(w http.ResponseWriter, r *http.Request) (chat.Socket, error) {
			conn, err := frames.Accept(w, r)
			if err != nil {
				return nil, err
			}
			socket := &splitWriter{Conn: conn, fixed: fixed}
			conn.Answer = socket.WriteMessage
			return socket, nil
		}
	},
}

// piece is what is handed to the socket at once.
const piece = 1 << 10

const writeTimeout = 5 * time.Second

type splitWriter struct {
	*frames.Conn
	fixed bool
	frame sync.Mutex
	mu    sync.Mutex
}

// WriteMessage is called by the connection's writer and, for pongs, by its reader.
func (w *splitWriter) WriteMessage(kind int, data []byte) error {
	if w.fixed {
		w.frame.Lock()
		defer w.frame.Unlock()
	}
	if err := w.write(frames.Header(kind, len(data))); err != nil {
		return err
	}
	for len(data) > 0 {
		n := min(len(data), piece)
		if err := w.write(data[:n]); err != nil {
			return err
		}
		data = data[n:]
	}
	return nil
}

// write is safe for concurrent use, deadline and all.
func (w *splitWriter) write(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := w.Write(p)
	return err
}
