package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"example.com/legacychat/internal/billing"
	"example.com/legacychat/internal/realtime"
)

// start runs the whole application on a port of its own.
func start(t *testing.T) *httptest.Server {
	t.Helper()
	srv := httptest.NewServer(New(billing.Sandbox{}))
	t.Cleanup(srv.Close)
	return srv
}

// connect opens a WebSocket as userID and waits until the server is ready for it.
func connect(t *testing.T, srv *httptest.Server, userID string) *websocket.Conn {
	t.Helper()
	address := "ws" + strings.TrimPrefix(srv.URL, "http") + "/ws?user=" + url.QueryEscape(userID)
	conn, _, err := websocket.DefaultDialer.Dial(address, nil)
	if err != nil {
		t.Fatalf("connect %s: %v", userID, err)
	}
	t.Cleanup(func() { conn.Close() })
	if got := receive(t, conn); got.Type != "ready" {
		t.Fatalf("%s was greeted with %+v", userID, got)
	}
	return conn
}

func receive(t *testing.T, conn *websocket.Conn) realtime.Message {
	t.Helper()
	var msg realtime.Message
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := conn.ReadJSON(&msg); err != nil {
		t.Fatalf("nothing received: %v", err)
	}
	return msg
}

func post(t *testing.T, srv *httptest.Server, path string, body any) int {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(srv.URL+path, "application/json", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func write(t *testing.T, conn *websocket.Conn, frame map[string]string) {
	t.Helper()
	if err := conn.WriteJSON(frame); err != nil {
		t.Fatal(err)
	}
}

func TestDirectMessage(t *testing.T) {
	srv := start(t)
	alice, bob := connect(t, srv, "alice"), connect(t, srv, "bob")
	write(t, alice, map[string]string{"type": "send", "to": "bob", "text": "hello"})
	if got := receive(t, bob); got.Type != "message" || got.From != "alice" || got.Text != "hello" {
		t.Fatalf("bob received %+v", got)
	}
	write(t, alice, map[string]string{"type": "send", "to": "nobody", "text": "hello"})
	if got := receive(t, alice); got.Type != "notification" || got.Text != "nobody is offline" {
		t.Fatalf("alice received %+v", got)
	}
}

func TestRoomAndMention(t *testing.T) {
	srv, room := start(t), fmt.Sprint("tea-", time.Now().UnixNano())
	carol, dave := connect(t, srv, "carol"), connect(t, srv, "dave")
	for _, member := range []*websocket.Conn{carol, dave} {
		write(t, member, map[string]string{"type": "join", "room": room})
		write(t, member, map[string]string{"type": "room", "room": room, "text": "here"})
		receive(t, member)
	}
	if got := receive(t, carol); got.From != "dave" {
		t.Fatalf("carol received %+v", got)
	}
	write(t, carol, map[string]string{"type": "room", "room": room, "text": "kettle is on @dave"})
	types := map[string]bool{receive(t, dave).Type: true, receive(t, dave).Type: true}
	if !types["room"] || !types["notification"] {
		t.Fatalf("dave received %v", types)
	}
}

func TestNotify(t *testing.T) {
	srv := start(t)
	erin := connect(t, srv, "erin")
	if code := post(t, srv, "/notify", map[string]string{"user": "erin", "text": "ding"}); code != http.StatusAccepted {
		t.Fatalf("status %d", code)
	}
	if got := receive(t, erin); got.Type != "notification" || got.Text != "ding" {
		t.Fatalf("erin received %+v", got)
	}
	if code := post(t, srv, "/notify", map[string]string{"user": "absent", "text": "ding"}); code != http.StatusNotFound {
		t.Fatalf("status %d for an absent user", code)
	}
	post(t, srv, "/announce", map[string]string{"text": "closing soon"})
	if got := receive(t, erin); got.Type != "announcement" {
		t.Fatalf("erin received %+v", got)
	}
}

func TestChargeReportsToOwner(t *testing.T) {
	srv := start(t)
	frank := connect(t, srv, "frank")
	inv := billing.Invoice{Owner: billing.Owner{ID: "frank"}, Text: "three coffees", Cents: 990}
	post(t, srv, "/billing/invoice", inv)
	if code := post(t, srv, "/billing/charge", inv); code != http.StatusAccepted {
		t.Fatalf("status %d", code)
	}
	for _, want := range []string{"invoice", "charge.started", "charge.receipt", "charge.done"} {
		if got := receive(t, frank); got.Type != want {
			t.Fatalf("frank received %+v, want %s", got, want)
		}
	}
}

func TestOnline(t *testing.T) {
	srv := start(t)
	grace := connect(t, srv, "grace")
	if !realtime.GetManager().IsOnline("grace") {
		t.Fatal("grace is connected but not online")
	}
	if err := realtime.GetManager().SendToUser("grace", realtime.Message{Type: "ping"}); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, grace); got.Type != "ping" {
		t.Fatalf("grace received %+v", got)
	}
	if err := realtime.Notify("nobody", "ping"); err != realtime.ErrOffline {
		t.Fatalf("send to an absent user: %v", err)
	}
}
