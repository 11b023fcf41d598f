// Package notify is a piece of an application that sends events, and its test: how code on the runtime is tested
// without a network.
package notify

import (
	"context"
	"errors"
	"fmt"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Orders tells customers about their orders.
type Orders struct{ Factory *wsruntime.Factory }

// Shipped tells the customer that an order is on its way. Nobody being online is fine.
func (o *Orders) Shipped(ctx context.Context, customer wsruntime.UserID, order int) error {
	em, err := o.Factory.Emitter(ctx, customer)
	if err != nil {
		return fmt.Errorf("order %d: %w", order, err)
	}
	defer em.Close()
	err = em.Emit(ctx, wsruntime.Event{Type: "order.shipped", Data: map[string]int{"order": order}})
	if errors.Is(err, wsruntime.ErrNoConnection) {
		return nil
	}
	return err
}
