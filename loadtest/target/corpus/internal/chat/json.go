package chat

import (
	"bytes"
	"encoding/json"

	"github.com/gorilla/websocket"
)

// JSON is the format of most servers: an object in a text frame, with a type.
var JSON Format = jsonFormat{}

type jsonFormat struct{}

// Decode reads one object.
func (jsonFormat) Decode(data []byte) (*Command, error) {
	cmd := &Command{}
	err := json.Unmarshal(data, cmd)
	return cmd, err
}

// Encode writes one object without a line end.
func (jsonFormat) Encode(ev *Event) Frame {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(ev); err != nil {
		return Frame{websocket.TextMessage, []byte(`{"type":"error"}`)} // a profile that is no JSON
	}
	return Frame{websocket.TextMessage, bytes.TrimSuffix(out.Bytes(), []byte("\n"))}
}
