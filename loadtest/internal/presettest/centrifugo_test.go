package presettest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/stretchr/testify/require"
)

func TestCentrifugo(t *testing.T) { hold(t, "centrifugo", central) }

// central is a node on which each user is subscribed to a channel of his own.
func central(t *testing.T, d *desk) http.Handler {
	node, err := centrifuge.New(centrifuge.Config{ClientQueueMaxSize: 64 << 20})
	require.NoError(t, err)
	node.OnConnecting(func(ctx context.Context, _ centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		who, _ := centrifuge.GetCredentials(ctx)
		d.enter(who.UserID)
		return centrifuge.ConnectReply{Subscriptions: map[string]centrifuge.SubscribeOptions{"user:" + who.UserID: {}}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnRPC(func(e centrifuge.RPCEvent, answer centrifuge.RPCCallback) {
			var message struct{ To string }
			err := json.Unmarshal(e.Data, &message)
			if err == nil {
				_, err = node.Publish("user:"+d.addressee(message.To), e.Data)
			}
			answer(centrifuge.RPCReply{}, err)
		})
	})
	require.NoError(t, node.Run())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = node.Shutdown(ctx) // its connections are gone by now
	})
	endpoint := centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{MessageSizeLimit: 4 << 20})
	mux := http.NewServeMux()
	mux.HandleFunc("/connection/websocket", func(w http.ResponseWriter, r *http.Request) {
		who := &centrifuge.Credentials{UserID: r.URL.Query().Get("user")}
		endpoint.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), who)))
	})
	return mux
}
