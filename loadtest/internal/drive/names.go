package drive

import "github.com/wsmig/wsmig/loadtest/history"

// StreamOwner is whom a stream's canaries name.
func (d *Driver) StreamOwner(id history.StreamID) string {
	if s := d.streams.get(uint32(id)); s != nil {
		return d.checker.Name(s.spec.Owner)
	}
	return ""
}

// PlainError says what went wrong with a connection, without its addresses.
func PlainError(err error) string { return plainError(err) }
