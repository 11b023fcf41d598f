package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/natsbus"
)

var kinds = map[string]kind{
	"wsmig-alone":      {alone: true, make: newWsmig},
	"wsmig":            {broker: startNATS, make: newWsmig},
	"centrifuge-alone": {alone: true, make: newCentrifuge(nil)},
	"centrifuge-redis": {broker: startRedis, make: newCentrifuge(redisBroker)},
	"centrifuge-nats":  {broker: startNATS, make: newCentrifuge(natsBroker)},
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

type wsmig struct {
	plan
	factories []*wsruntime.Factory
	buses     []*natsbus.Bus
	emitters  []*wsruntime.Emitter
}

func newWsmig(b *broker, p plan) (cluster, error) {
	s := &wsmig{plan: p}
	ctx := context.Background()
	for range p.nodes {
		o := &wsruntime.Options{Logger: quiet, QueueEvents: 1 << 16, QueueBytes: 1 << 26, Overflow: wsruntime.Block}
		if b != nil {
			bus, err := natsbus.New(ctx, &natsbus.Options{URL: "nats://" + b.addr, MaxBytes: 1 << 30, Logger: quiet})
			if err != nil {
				return nil, err
			}
			o.Bus = bus
			s.buses = append(s.buses, bus)
		}
		f, err := wsruntime.NewFactory(o)
		if err != nil {
			return nil, err
		}
		s.factories = append(s.factories, f)
	}
	for i := range p.users {
		em, err := s.factories[(i+1)%p.nodes].Emitter(ctx, wsruntime.UserID(userName(i)))
		if err != nil {
			return nil, err
		}
		s.emitters = append(s.emitters, em)
	}
	return s, nil
}

func (s *wsmig) handler(node int) http.Handler {
	return s.factories[node].Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil
	})
}

func (s *wsmig) joined(user int) error {
	if s.rooms == 0 {
		return nil
	}
	return s.factories[user%s.nodes].Room(roomName(user%s.rooms)).Join(context.Background(), wsruntime.UserID(userName(user)))
}

func (s *wsmig) send(to int, data []byte) error {
	ev := wsruntime.Event{Type: "bench", Data: json.RawMessage(data)}
	if s.rooms == 0 {
		return s.emitters[to].Emit(context.Background(), ev)
	}
	_, err := s.factories[(to+1)%s.nodes].Room(roomName(to)).Emit(context.Background(), ev)
	if errors.Is(err, wsruntime.ErrNoConnection) {
		err = nil
	}
	return err
}

func (s *wsmig) stop() {
	for i, f := range s.factories {
		_ = f.Shutdown(context.Background())
		if s.buses != nil {
			_ = s.buses[i].Close()
		}
	}
}
