package target

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

var factoryKind = kind{
	Info: Info{
		Name:       "factory",
		Mechanisms: []string{},
		About:      "the same service on wsmig's runtime: an emitter per user, an owner for each connection, the audience of a room by its members",
	},
	config: builtinConfig + "gap: {contains: '\"wsmig.gap\"'}\n",
	start:  func() (app, error) { return newFactoryApp() },
}

const (
	closeNormal  = 1000
	closeRelogin = 4001
)

// factoryApp is the service on the runtime.
type factoryApp struct {
	*http.ServeMux
	factory  *wsruntime.Factory
	store    *store
	emitters atomic.Int64
	tally    tally
}

func newFactoryApp() (*factoryApp, error) {
	a := &factoryApp{ServeMux: http.NewServeMux(), store: newStore()}
	var err error
	a.factory, err = wsruntime.NewFactory(&wsruntime.Options{
		OnMessage: a.handle, MaxInboundBytes: maxMessage, MaxEventBytes: maxMessage, QueueBytes: 2 * maxMessage, InboundRate: -1,
		Compression: true, DrainTimeout: time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		a.store.close()
		return nil, err
	}
	a.Handle("/ws", a.factory.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil
	}))
	a.HandleFunc("/notify", a.notify)
	a.HandleFunc("/revoke", a.revoke)
	return a, nil
}

// handle answers one message of a client. An error would end the connection, so
// it is returned only for what a client of this protocol never sends.
func (a *factoryApp) handle(ctx context.Context, c *wsruntime.Conn, _ wsruntime.MessageType, data []byte) error {
	var m message
	if err := json.Unmarshal(data, &m); err != nil {
		return err
	}
	switch m.Type {
	case "send":
		answer := "sent"
		if err := a.emit(ctx, m.To, "message", a.store.append(string(c.User()), m.To, m.Text)); err != nil {
			answer = "not sent"
		}
		return ignoreGone(c.Emit(ctx, wsruntime.Event{Type: answer}))
	case "request":
		a.store.append(string(c.User()), string(c.User()), m.ID)
		return ignoreGone(c.Emit(ctx, wsruntime.Event{Type: "reply", Data: map[string]string{"id": m.ID, "q": m.Q}}))
	case "join", "leave", "room":
		return a.inRoom(ctx, c, &m)
	case "login":
		if wsruntime.UserID(m.User) != c.User() {
			return ignoreGone(c.Close(closeRelogin, "connect as the new user"))
		}
		return ignoreGone(c.Emit(ctx, wsruntime.Event{Type: "ready", Data: m.User}))
	case "logout":
		return ignoreGone(c.Close(closeNormal, `{"type":"bye"}`))
	}
	return ignoreGone(c.Emit(ctx, wsruntime.Event{Type: "error", Data: "unknown type"}))
}

func (a *factoryApp) inRoom(ctx context.Context, c *wsruntime.Conn, m *message) error {
	room := a.factory.Room(m.Room)
	answer := wsruntime.Event{Type: "joined", Data: m.Room}
	var err error
	switch m.Type {
	case "join":
		err = room.Join(ctx, c.User())
	case "leave":
		err = room.Leave(ctx, c.User())
		answer.Type = "left"
	default:
		_, err = room.Emit(ctx, wsruntime.Event{Type: "room", Data: map[string]string{"room": m.Room, "from": string(c.User()), "text": m.Text}})
		return ignoreGone(err)
	}
	if err != nil {
		answer = wsruntime.Event{Type: "error", Data: err.Error()}
	}
	return ignoreGone(c.Emit(ctx, answer))
}

// ignoreGone drops the errors that mean that a receiver is not there any more:
// the client that sent the message is not to blame for that.
func ignoreGone(err error) error {
	for _, gone := range []error{wsruntime.ErrNoConnection, wsruntime.ErrClosed, wsruntime.ErrRevoked, wsruntime.ErrOverflow} {
		if errors.Is(err, gone) {
			return nil
		}
	}
	return err
}

func (a *factoryApp) emit(ctx context.Context, user, kind string, data any) error {
	em, err := a.factory.Emitter(ctx, wsruntime.UserID(user))
	if err != nil {
		return err
	}
	a.open(1)
	defer a.open(-1)
	defer em.Close()
	return em.Emit(ctx, wsruntime.Event{Type: kind, Data: data})
}

// open follows the number of emitters in use, since the runtime tells the current
// one alone.
func (a *factoryApp) open(n int64) {
	a.tally.set(int(a.emitters.Add(n)))
}

func (a *factoryApp) notify(w http.ResponseWriter, r *http.Request) {
	var n notice
	if !body(w, r, &n) {
		return
	}
	a.store.append("", n.User, n.Text)
	if err := a.emit(r.Context(), n.User, "notify", map[string]any{"text": n.Text, "profile": n.Profile}); err != nil {
		http.Error(w, "not delivered", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *factoryApp) revoke(w http.ResponseWriter, r *http.Request) {
	var n notice
	if !body(w, r, &n) {
		return
	}
	if err := a.factory.Revoke(r.Context(), wsruntime.UserID(n.User)); err != nil {
		http.Error(w, "no such user", http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (a *factoryApp) counts() Stats {
	s := a.factory.Stats()
	return Stats{Connections: s.Conns, Created: s.EmittersCreated, Active: s.EmittersActive, Peak: a.tally.peak.Load()}
}

func (a *factoryApp) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = a.factory.Shutdown(ctx) // what could not be drained in time is dropped, and counted there
	a.store.close()
}
