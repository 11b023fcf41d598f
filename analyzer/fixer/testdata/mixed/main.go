package main

import "example.com/mixed/ws"

func frame() ws.Frame { return ws.Frame{To: 1, Text: "hi"} }

func main() {
	ws.Add(1, nil)
	go ws.Send(1, "hi")
	send := ws.Send
	_ = send(2, "hi")
	ws.SendAny("hi", 1, 2)
	_ = ws.Route(ws.Frame{To: 2, Text: "hi"})
	_ = ws.Route(frame())
	//wsmig:ignore singleton it has its reasons
	_ = ws.Send(3, "hi")
	ws.All("hi")
}
