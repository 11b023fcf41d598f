package presettest_test

import (
	"net/http"
	"testing"

	"github.com/zishang520/socket.io/v2/socket"
)

// This server hands each event to a goroutine of its own, so that the events of one
// client overtake each other, and empties its write buffer in another one, which
// loses some: neither has to do with whom an event is for.
func TestSocketIO(t *testing.T) { hold(t, "socketio", rooms, "D0", "D2") }

// rooms is a Socket.IO server on which each user is in a room of his own.
func rooms(t *testing.T, d *desk) http.Handler {
	options := socket.DefaultServerOptions()
	options.SetMaxHttpBufferSize(4 << 20)
	server := socket.NewServer(nil, options)
	_ = server.On("connection", func(args ...any) {
		client := args[0].(*socket.Socket)
		user := ""
		if ids := client.Handshake().Query["user"]; len(ids) > 0 {
			user = ids[0]
		}
		d.enter(user)
		client.Join(socket.Room("user:" + user))
		_ = client.On("send", func(args ...any) {
			message, ok := args[0].(map[string]any)
			if !ok {
				return
			}
			to, _ := message["to"].(string)
			_ = server.To(socket.Room("user:"+d.addressee(to))).Emit("message", message)
		})
	})
	t.Cleanup(func() { server.Close(nil) })
	return server.ServeHandler(nil)
}
