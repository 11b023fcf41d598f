// Code by wsmig fix; singleton=shapes/generated.hub

// Package generated was written by wsmig fix, which knows what it keeps.
package generated

import (
	"net/http"

	"github.com/gorilla/websocket"
)

var conn *websocket.Conn

func serve(w http.ResponseWriter, r *http.Request) {
	conn, _ = new(websocket.Upgrader).Upgrade(w, r, nil)
}
