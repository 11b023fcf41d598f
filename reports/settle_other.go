//go:build !linux

package reports

import "errors"

// exchange is a call that only Linux has in a form that Go offers.
func exchange(_, _ string) error { return errors.ErrUnsupported }
