package main

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/nats-io/nats.go"
)

type central struct {
	plan
	nodes []*centrifuge.Node
	keep  []centrifuge.PublishOption
}

// joining makes the broker of one node; keep says whether it has a history.
type joining func(n *centrifuge.Node, addr string) (b centrifuge.Broker, keep bool, err error)

func newCentrifuge(with joining) func(*broker, plan) (cluster, error) {
	return func(b *broker, p plan) (cluster, error) {
		s := &central{plan: p, keep: []centrifuge.PublishOption{centrifuge.WithHistory(256, 2*time.Minute)}}
		for range p.nodes {
			n, err := centrifuge.New(centrifuge.Config{ClientQueueMaxSize: 64 << 20})
			if err != nil {
				return nil, err
			}
			recover := true
			if with != nil {
				var own centrifuge.Broker
				if own, recover, err = with(n, b.addr); err != nil {
					return nil, err
				}
				n.SetBroker(own)
			}
			if !recover {
				s.keep = nil
			}
			n.OnConnecting(s.connecting(centrifuge.SubscribeOptions{EnableRecovery: recover}))
			if err := n.Run(); err != nil {
				return nil, err
			}
			s.nodes = append(s.nodes, n)
		}
		return s, nil
	}
}

// connecting subscribes a user to the one channel that the user's events go to.
func (s *central) connecting(o centrifuge.SubscribeOptions) centrifuge.ConnectingHandler {
	return func(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		c, _ := centrifuge.GetCredentials(ctx)
		channel := c.UserID
		if s.rooms > 0 {
			i, err := strconv.Atoi(strings.TrimPrefix(channel, "u"))
			if err != nil {
				return centrifuge.ConnectReply{}, err
			}
			channel = roomName(i % s.rooms)
		}
		return centrifuge.ConnectReply{Subscriptions: map[string]centrifuge.SubscribeOptions{channel: o}}, nil
	}
}

func (s *central) handler(node int) http.Handler {
	ws := centrifuge.NewWebsocketHandler(s.nodes[node], centrifuge.WebsocketConfig{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := centrifuge.SetCredentials(r.Context(), &centrifuge.Credentials{UserID: r.URL.Query().Get("user")})
		ws.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (s *central) joined(int) error { return nil }

func (s *central) send(to int, data []byte) error {
	channel := userName(to)
	if s.rooms > 0 {
		channel = roomName(to)
	}
	_, err := s.nodes[(to+1)%len(s.nodes)].Publish(channel, data, s.keep...)
	return err
}

func (s *central) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for _, n := range s.nodes {
		_ = n.Shutdown(ctx)
	}
}

func redisBroker(n *centrifuge.Node, addr string) (centrifuge.Broker, bool, error) {
	shard, err := centrifuge.NewRedisShard(n, centrifuge.RedisShardConfig{Address: addr})
	if err != nil {
		return nil, false, err
	}
	b, err := centrifuge.NewRedisBroker(n, centrifuge.RedisBrokerConfig{Shards: []*centrifuge.RedisShard{shard}})
	return b, true, err
}

// plainNATS is a broker on publish and subscribe alone: at most once, no history.
type plainNATS struct {
	nc   *nats.Conn
	to   centrifuge.BrokerEventHandler
	subs chan map[string]*nats.Subscription // holds the map, or somebody has it
}

func natsBroker(_ *centrifuge.Node, addr string) (centrifuge.Broker, bool, error) {
	nc, err := nats.Connect("nats://" + addr)
	b := &plainNATS{nc: nc, subs: make(chan map[string]*nats.Subscription, 1)}
	b.subs <- map[string]*nats.Subscription{}
	return b, false, err
}

func (b *plainNATS) RegisterBrokerEventHandler(h centrifuge.BrokerEventHandler) error {
	b.to = h
	return nil
}

func (b *plainNATS) Subscribe(channels ...string) error {
	all := <-b.subs
	defer func() { b.subs <- all }()
	for _, channel := range channels {
		sub, err := b.nc.Subscribe("c."+channel, func(m *nats.Msg) {
			_ = b.to.HandlePublication(channel, &centrifuge.Publication{Data: m.Data}, centrifuge.StreamPosition{}, false, nil)
		})
		if err != nil {
			return err
		}
		all[channel] = sub
	}
	return b.nc.Flush() // the server knows when Subscribe returns
}

func (b *plainNATS) Unsubscribe(channels ...string) error {
	all := <-b.subs
	defer func() { b.subs <- all }()
	for _, channel := range channels {
		if sub := all[channel]; sub != nil {
			_ = sub.Unsubscribe()
			delete(all, channel)
		}
	}
	return nil
}

func (b *plainNATS) Publish(channel string, data []byte, _ centrifuge.PublishOptions) (centrifuge.PublishResult, error) {
	return centrifuge.PublishResult{}, b.nc.Publish("c."+channel, data)
}

func (b *plainNATS) PublishJoin(string, *centrifuge.ClientInfo) error  { return nil }
func (b *plainNATS) PublishLeave(string, *centrifuge.ClientInfo) error { return nil }

func (b *plainNATS) History(string, centrifuge.HistoryOptions) ([]*centrifuge.Publication, centrifuge.StreamPosition, error) {
	return nil, centrifuge.StreamPosition{}, nil
}

func (b *plainNATS) RemoveHistory(string) error { return nil }
