//go:build special

package main

import "example.com/mixed/ws"

func special() {
	_ = ws.Send(9, "x")
	ws.All("x")
}
