// Package upstream holds the program's own connection to a server: it has one,
// and dials it again when it breaks.
package upstream

import (
	"net/http"

	"github.com/gorilla/websocket"
)

type Feed struct{ conn *websocket.Conn }

var feed = &Feed{}

var direct *websocket.Conn

func (f *Feed) connect() error {
	conn, _, err := websocket.DefaultDialer.Dial("wss://feed", nil)
	if err != nil {
		return err
	}
	f.conn = conn
	return nil
}

func (f *Feed) Reconnect(w http.ResponseWriter, r *http.Request) {
	var err error
	if f.conn, err = dial(); err != nil {
		f.connect()
	}
	direct, _, err = websocket.DefaultDialer.Dial("wss://feed", nil)
}

func dial() (*websocket.Conn, error) {
	conn, _, err := websocket.DefaultDialer.Dial("wss://feed", nil)
	return conn, err
}
