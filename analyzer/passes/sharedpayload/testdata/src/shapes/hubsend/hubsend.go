// Package hubsend hands its buffer to a manager of another package, whose methods
// and functions queue it.
package hubsend

import (
	"io"

	"shapes/hubsend/ws"
)

func method(source io.Reader) {
	buf := make([]byte, 512)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		ws.Get().SendTo("u", buf[:n]) // want `^buf goes to ws\.Get\(\)\.SendTo without a copy and is read into afterwards, .* \(sharedpayload, user-send\)$`
	}
}

func function(source io.Reader) {
	buf := make([]byte, 512)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		if err := ws.Notify("u", buf[:n]); err != nil { // want `^buf goes to ws\.Notify without a copy and is read into afterwards`
			return
		}
	}
}

// These write, or copy, before they return.
func direct(source io.Reader) {
	buf := make([]byte, 512)
	for {
		n, err := source.Read(buf)
		if err != nil {
			return
		}
		ws.Now("u", buf[:n])
		ws.Copying("u", buf[:n])
	}
}
