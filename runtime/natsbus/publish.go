package natsbus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// attemptTime is how long one attempt waits for its acknowledgement before the same message is sent again.
const attemptTime = time.Second

// overhead is what a message needs beside its data: ids, type, thread and headers.
const overhead = 2 << 10

// Publish stores a message and returns when it is stored on as many servers as keep the history. What is sent again
// after a lost acknowledgement has the same id, so that it is stored once. An error says that it was not acknowledged
// within PublishTimeout: it may have been stored all the same.
func (b *Bus) Publish(ctx context.Context, m *wsruntime.BusMessage) error {
	subject := ""
	switch kindOf(m) {
	case kindRevoke, kindJoin, kindLeave:
		return b.command(ctx, m)
	case kindBroadcast:
		subject = b.names.broadcast()
	case kindRoom:
		subject = b.names.room(m.Room)
	default:
		subject = b.names.user(string(m.User))
	}
	if _, err := b.store(ctx, subject, encode(m)); err != nil {
		return err
	}
	if m.Broadcast {
		if b.peers.others(time.Now()) == 0 {
			return wsruntime.ErrNoConnection // the factory knows better about its own
		}
		return nil
	}
	return b.listened(ctx, b.names.out(subject))
}

// listened is about an event that is stored: nil when somebody is there for it or may be.
func (b *Bus) listened(ctx context.Context, out string) error {
	now := time.Now()
	if b.hears(out) || b.seen.lately(out, now) {
		return nil
	}
	_, there, err := b.ask(ctx, out)
	if err == nil {
		b.seen.note(out, there, now)
		if !there {
			return wsruntime.ErrNoConnection
		}
	}
	return nil
}

func (b *Bus) store(ctx context.Context, subject string, data []byte) (uint64, error) {
	if limit := int(b.nc.MaxPayload()) - overhead; len(data) > limit {
		return 0, fmt.Errorf("wsmig: natsbus: %d bytes are over what the NATS servers take (max_payload): %w",
			len(data), &wsruntime.LimitError{Limit: "max_payload", Max: limit})
	}
	b.stats.published.Add(1)
	id := b.id + "-" + strconv.FormatUint(b.sequence.Add(1), 36)
	msg := &nats.Msg{Subject: subject, Data: data, Header: nats.Header{jetstream.MsgIDHeader: {id}}}
	ctx, cancel := context.WithTimeout(ctx, b.opts.PublishTimeout)
	defer cancel()
	for {
		ack, err := b.attempt(ctx, msg)
		if err == nil {
			b.stats.stored.Add(1)
			if ack.Duplicate {
				b.stats.duplicates.Add(1)
			}
			return ack.Sequence, nil
		}
		if final(err) || !pause(ctx, retryWait) {
			b.stats.failed.Add(1)
			return 0, fmt.Errorf("wsmig: natsbus: not acknowledged: %w", b.forbidden(chain(err, ctx.Err())))
		}
		b.stats.retried.Add(1)
	}
}

func (b *Bus) attempt(ctx context.Context, msg *nats.Msg) (*jetstream.PubAck, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	return b.js.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(0), jetstream.WithExpectStream(b.opts.Prefix))
}

// final tells errors that another attempt would meet again.
func final(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, context.Canceled) ||
		errors.As(err, &api) && api.Code >= 400 && api.Code < 500
}
