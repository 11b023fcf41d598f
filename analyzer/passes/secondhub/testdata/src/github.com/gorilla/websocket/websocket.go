// Package websocket has the exported signatures of the real one, as far as the
// shapes need them.
package websocket

import "net/http"

type Conn struct{ hidden int }

func (c *Conn) ReadMessage() (int, []byte, error)           { return 0, nil, nil }
func (c *Conn) WriteMessage(kind int, data []byte) error    { return nil }
func (c *Conn) WriteJSON(v any) error                       { return nil }
func (c *Conn) SetPongHandler(h func(appData string) error) {}
func (c *Conn) Close() error                                { return nil }

type Upgrader struct{ CheckOrigin func(r *http.Request) bool }

func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, h http.Header) (*Conn, error) {
	return nil, nil
}

type Dialer struct{ hidden int }

func (d *Dialer) Dial(url string, h http.Header) (*Conn, *http.Response, error) { return nil, nil, nil }

var DefaultDialer = &Dialer{}
