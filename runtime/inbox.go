package runtime

import "context"

// inbound is one message on its way to OnMessage.
type inbound struct {
	mt   MessageType
	data []byte
}

// inboxSize is how many messages wait for OnMessage before the reader does too, and with it the client.
const inboxSize = 16

// receive passes a message on to the connection's OnMessage goroutine, which runs only while there is something to do:
// the reader keeps answering pings while the application works, and its stack stays small.
func (c *Conn) receive(mt MessageType, data []byte) {
	uc := c.uc
	uc.mu.Lock()
	defer uc.mu.Unlock()
	uc.seldomLocked().tally.inbound++
	if uc.f.opts.OnMessage == nil {
		return
	}
	rare := c.rareLocked()
	for len(rare.inbox) >= inboxSize && !c.mute {
		c.stalled = true
		_ = uc.waitOnceLocked(context.Background()) // whoever ends the connection wakes it
	}
	c.stalled = false
	if c.mute {
		return
	}
	rare.inbox = append(rare.inbox, inbound{mt, data})
	if !c.serving {
		c.serving = true
		go c.serve()
	}
}

// serve calls OnMessage for each message in order. If the connection ends meanwhile, the end is told from here.
func (c *Conn) serve() {
	for {
		c.uc.mu.Lock()
		rare := c.rare
		if c.mute {
			rare.inbox = nil
		}
		if len(rare.inbox) == 0 {
			rare.inbox = nil
			gone := c.state == StateClosed
			c.serving = gone
			c.uc.mu.Unlock()
			if gone {
				c.bury()
			}
			return
		}
		m := rare.inbox[0]
		rare.inbox[0] = inbound{}
		rare.inbox = rare.inbox[1:]
		c.uc.notifyLocked()
		c.uc.mu.Unlock()
		c.deliverInbound(m)
	}
}

func (c *Conn) deliverInbound(m inbound) {
	f, ctx := c.uc.f, c.Context()
	var err error
	if perr := f.guard("OnMessage", func() { err = f.opts.OnMessage(ctx, c, m.mt, m.data) }); perr != nil {
		c.beginClose(closeInternal, "", perr, dropDisconnected)
		return
	}
	if err != nil {
		c.beginClose(closePolicy, "", err, dropDisconnected)
	}
}
