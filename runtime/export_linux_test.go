package runtime

// Polled counts the connections that the poller refers to.
func Polled(f *Factory) int {
	f.poller.mu.Lock()
	defer f.poller.mu.Unlock()
	n := 0
	for _, c := range f.poller.slots {
		if c != nil {
			n++
		}
	}
	return n
}
