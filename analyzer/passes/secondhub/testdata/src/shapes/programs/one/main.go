// Command one shares its module with another program, and nothing else. // want package:`main\.conns`
package main

import "github.com/gorilla/websocket"

var conns = map[string]*websocket.Conn{}

func main() {
	conns["u"] = nil
	send("u", "hi")
}

func send(user, text string) error {
	if conn, ok := conns[user]; ok {
		return conn.WriteMessage(1, []byte(text))
	}
	return nil
}
