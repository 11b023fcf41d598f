package move

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func planClients(t *testing.T, old, replacement string) (*Result, []Obstacle) {
	t.Helper()
	return planArchived(t, "clients.txtar", "clients", "require github.com/gorilla/websocket v1.5.3\n", change{"clients/clients.go", old, replacement})
}

// TestClientsKeepTheirConnection: who is taken out of the registry is found by its
// connection, so a client may not lose that before.
func TestClientsKeepTheirConnection(t *testing.T) {
	result, obstacles := planClients(t, "defer c.Conn.Close()", "defer func() {\n\t\tc.Conn.Close()\n\t\tc.Conn = nil\n\t}()")
	require.Nil(t, result)
	require.Contains(t, obstacles[0].String(), "gives up its connection")

	result, obstacles = planClients(t, "return &Client{ID: id, Conn: conn}", "c := &Client{ID: id}\n\tc.Conn = conn\n\treturn c")
	require.Empty(t, obstacles)
	require.NotEmpty(t, result.Edits)
}
