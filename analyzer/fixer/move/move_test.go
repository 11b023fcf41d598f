package move

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
)

// change replaces text in one file of a server.
type change struct{ file, old, new string }

// plan works out the move of the example after some changes to it.
func plan(t *testing.T, changes ...change) (*Result, []Obstacle, func(path string) []byte) {
	t.Helper()
	dir, err := filepath.Abs(filepath.FromSlash("../../../examples/legacychat"))
	require.NoError(t, err)
	overlay := map[string][]byte{}
	read := func(path string) ([]byte, error) {
		if text, ok := overlay[path]; ok {
			return text, nil
		}
		return os.ReadFile(path)
	}
	for _, c := range changes {
		path := filepath.Join(dir, filepath.FromSlash(c.file))
		text, err := read(path)
		require.NoError(t, err)
		require.Contains(t, string(text), c.old)
		overlay[path] = []byte(strings.Replace(string(text), c.old, c.new, 1))
	}
	result, obstacles := planFirst(t, &driver.Config{Dir: dir, Overlay: overlay}, "example.com/legacychat/internal/realtime", read)
	return result, obstacles, func(name string) []byte {
		path := filepath.Join(dir, filepath.FromSlash(name))
		text, err := read(path)
		require.NoError(t, err)
		after, err := edit.Apply(text, result.Edits[path])
		require.NoError(t, err)
		return edit.Format(text, after)
	}
}

// planFirst works out the move of the first manager of a package.
func planFirst(t *testing.T, cfg *driver.Config, path string, read func(string) ([]byte, error)) (*Result, []Obstacle) {
	t.Helper()
	cfg.Patterns = []string{"./..."}
	program, err := driver.Load(t.Context(), cfg)
	require.NoError(t, err)
	require.Empty(t, program.Failed)
	require.NoError(t, program.Analyze(t.Context()))
	pkg := program.ByPath(path)[0]
	require.NotEmpty(t, pkg.Result.Singletons)
	result, obstacles, err := Plan(&Input{Program: program, Package: pkg, Singleton: pkg.Result.Singletons[0], Read: read, Writable: func(string) bool { return true }})
	require.NoError(t, err)
	return result, obstacles
}

const (
	handlerFile  = "internal/chat/handler.go"
	managerFile  = "internal/realtime/manager.go"
	upgraderLine = "var upgrader = websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024}\n"
)

// TestEndsOfHandlers: what happened when the connection was over still does, in
// its order, and a registration that does more than register stays.
func TestEndsOfHandlers(t *testing.T) {
	_, obstacles, after := plan(t,
		change{handlerFile, "\tdefer manager.Unregister(userID)\n", "\tdefer log.Printf(\"first deferred, last to run\")\n\tdefer manager.Unregister(userID)\n\tconn.SetReadLimit(512)\n"},
		change{handlerFile, "\t\t\treturn\n\t\t}\n\t\thandle(userID, in)\n", "\t\t\tlog.Printf(\"read: %v\", err)\n\t\t\tbreak\n\t\t}\n\t\tif in.Type == \"bye\" {\n\t\t\tbreak\n\t\t}\n\t\tfor range 2 {\n\t\t\tcontinue\n\t\t}\n\t\thandle(userID, in)\n"},
		change{handlerFile, "\t\thandle(userID, in)\n\t}\n", "\t\thandle(userID, in)\n\t}\n\tlog.Printf(\"behind the loop\")\n"},
		change{managerFile, "\tm.conns[userID] = conn\n", "\tm.conns[userID] = conn\n\tm.current = userID\n"},
	)
	require.Empty(t, obstacles)
	handler := string(after(handlerFile))
	require.Contains(t, handler, "conn.OnClose(func(err error) {\n\t\tlog.Printf(\"read: %v\", err)\n\t\tlog.Printf(\"behind the loop\")\n\t\tlog.Printf(\"first deferred, last to run\")\n\t})")
	require.Contains(t, handler, "if in.Type == \"bye\" {\n\t\t\treturn conn.Close()\n\t\t}\n\t\tfor range 2 {\n\t\t\tcontinue\n\t\t}")
	require.Contains(t, handler, "manager.Register(userID)")
	require.Contains(t, handler, "conn.SetReadLimit(512)\n")
	require.Contains(t, string(after(managerFile)), "func (m *Manager) Register(userID string) {")
}

// TestOneConnectionForEachUser: a registration that closes what was there before
// becomes a limit of the factory, and origins stay the Upgrader's to decide.
func TestOneConnectionForEachUser(t *testing.T) {
	result, obstacles, after := plan(t,
		change{managerFile, "\tm.conns[userID] = conn\n", "\tif old, ok := m.conns[userID]; ok {\n\t\told.Close()\n\t}\n\tm.conns[userID] = conn\n"},
		change{handlerFile, "WriteBufferSize: 1024}", "CheckOrigin: func(*http.Request) bool { return true }}"},
	)
	require.Empty(t, obstacles)
	require.Contains(t, string(after(handlerFile)), "realtime.Accept(w, r, userID, upgrader.CheckOrigin)")
	generated, err := result.File.Generate()
	require.NoError(t, err)
	require.Contains(t, string(generated), "MaxConnsPerUser: 1,")
	require.Contains(t, string(generated), "return sameOrigin(r)")
}

// TestUpgradersSetFieldByField: what is assigned to an Upgrader after it was made
// counts like what it was made with.
func TestUpgradersSetFieldByField(t *testing.T) {
	result, obstacles, after := plan(t,
		change{handlerFile, upgraderLine, "var upgrader websocket.Upgrader\n\nfunc init() { upgrader.CheckOrigin = func(*http.Request) bool { return true } }\n"},
	)
	require.Empty(t, obstacles)
	require.Contains(t, string(after(handlerFile)), "realtime.Accept(w, r, userID, upgrader.CheckOrigin)")
	generated, err := result.File.Generate()
	require.NoError(t, err)
	require.Contains(t, string(generated), "return sameOrigin(r)")

	_, obstacles, after = plan(t, change{handlerFile, upgraderLine, "var upgrader websocket.Upgrader\n"})
	require.Empty(t, obstacles)
	require.Contains(t, string(after(handlerFile)), "realtime.Accept(w, r, userID)")
	require.NotContains(t, string(after(handlerFile)), "Upgrader")

	result, obstacles, after = plan(t, change{handlerFile, "\tconn, err := upgrader", "\tupgrader.EnableCompression = true\n\tconn, err := upgrader"})
	require.Empty(t, obstacles)
	require.NotContains(t, string(after(handlerFile)), "Accept(w, r, userID, ")
	generated, err = result.File.Generate()
	require.NoError(t, err)
	require.Contains(t, string(generated), "Compression:     true,")
}

func TestObstaclesAreThePlan(t *testing.T) {
	for name, tc := range map[string]struct {
		change change
		want   string
	}{
		"protocol of its own":  {change{handlerFile, "ReadBufferSize: 1024", "Error: func(http.ResponseWriter, *http.Request, int, error) {}"}, "the Upgrader sets Error"},
		"compresses at times":  {change{handlerFile, upgraderLine, "var upgrader = websocket.Upgrader{EnableCompression: len(log.Prefix()) > 8}\n"}, "only known when the program runs"},
		"pongs that count":     {change{handlerFile, "\tfor {\n", "\tpongs := 0\n\tconn.SetPongHandler(func(string) error { pongs++; return nil })\n\tfor {\n"}, "what SetPongHandler was given does more than keep the connection alive"},
		"farewells":            {change{handlerFile, "\tfor {\n", "\tconn.SetCloseHandler(func(int, string) error { return nil })\n\tfor {\n"}, "a moved connection has no SetCloseHandler"},
		"compresses by turns":  {change{handlerFile, "\tfor {\n", "\tconn.EnableWriteCompression(len(userID) > 3)\n\tfor {\n"}, "EnableWriteCompression decides on each message"},
		"writes by the way":    {change{handlerFile, "\tfor {\n", "\tconn.WriteJSON(\"hello\")\n\tfor {\n"}, "the connection is used for more than reading: conn.WriteJSON"},
		"deferred too early":   {change{handlerFile, "\tconn, err := upgrader", "\tdefer log.Print(\"done\")\n\tconn, err := upgrader"}, "something is deferred before the upgrade"},
		"response writer late": {change{handlerFile, "\t\thandle(userID, in)\n", "\t\thandle(userID, in)\n\t\tw.Header()\n"}, "w is used while the connection lives"},
		"registry handed out":  {change{managerFile, "\treturn len(m.conns)\n", "\tall := m.conns\n\treturn len(all)\n"}, "the registry is used as a value"},
	} {
		t.Run(name, func(t *testing.T) {
			result, obstacles, _ := plan(t, tc.change)
			require.Nil(t, result)
			require.NotEmpty(t, obstacles)
			require.Contains(t, obstacles[0].String(), tc.want)
		})
	}
}
