// Package testhelper starts servers for tests, with one client each.
package testhelper

import (
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/websocket"
)

func Server() (*httptest.Server, func() *websocket.Conn) {
	var conn *websocket.Conn
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ = new(websocket.Upgrader).Upgrade(w, r, nil)
	}))
	return server, func() *websocket.Conn { return conn }
}
