package factories

import (
	"testing"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

func TestNew(t *testing.T) { wsruntime.NewFactory(nil) }
