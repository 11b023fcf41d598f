package drive

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"net"
	"regexp"
	"strings"
	"syscall"
)

// splitRecords yields the records of a frame; a separator at the end begins no
// further one.
func splitRecords(data []byte, separator string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		sep := []byte(separator)
		for len(data) > 0 {
			record, rest, _ := bytes.Cut(data, sep)
			if len(record) > 0 && !yield(record) {
				return
			}
			data = rest
		}
	}
}

func containsText(data, text []byte) bool { return len(text) > 0 && bytes.Contains(data, text) }

func lastMatch(re *regexp.Regexp, data []byte) string {
	all := re.FindAllSubmatch(data, -1)
	if len(all) == 0 {
		return ""
	}
	return string(all[len(all)-1][1])
}

// plainError says what went wrong with a connection without its addresses, so
// that equal troubles count as one.
func plainError(err error) string {
	var operation *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "connection reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "connection closed"
	case errors.As(err, &operation):
		return operation.Op + ": " + operation.Err.Error()
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}
