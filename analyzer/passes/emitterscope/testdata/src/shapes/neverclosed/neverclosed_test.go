package neverclosed

import (
	"testing"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// The end of a test ends its factory, and that closes what is left.
func TestEmit(t *testing.T) {
	f, _ := wsruntime.NewFactory(nil)
	em, _ := f.Emitter(t.Context(), "alice")
	em.Emit(t.Context(), wsruntime.Event{})
}
