package runtimetest

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/wsmig/wsmig/runtime/internal/pipe"
)

// responder is the http.ResponseWriter of a handshake in memory.
type responder struct {
	nc       *pipe.Conn
	rw       *bufio.ReadWriter
	header   http.Header
	status   int
	body     bytes.Buffer
	hijacked bool
}

func (w *responder) Header() http.Header { return w.header }

func (w *responder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *responder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Hijack hands the connection over, as net/http's ResponseWriter does.
func (w *responder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	if w.hijacked {
		return nil, nil, errors.New("runtimetest: hijacked twice")
	}
	w.hijacked = true
	return w.nc, w.rw, nil
}

// finish sends the answer of a handler that did not take the connection over.
func (w *responder) finish() {
	if w.hijacked {
		return
	}
	w.WriteHeader(http.StatusOK)
	resp := http.Response{StatusCode: w.status, ProtoMajor: 1, ProtoMinor: 1, Header: w.header,
		Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len())}
	_ = resp.Write(w.nc)
	_ = w.nc.Close()
}
