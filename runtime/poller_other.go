//go:build !linux

package runtime

// poller is for systems whose way to wait for many sockets is not known here: a goroutine waits for each.
type poller struct{}

func (*poller) arm(*Conn) error { return errNoPoller }
func (*poller) forget(*Conn)    {}
func (*poller) end()            {}
