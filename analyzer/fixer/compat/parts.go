package compat

// emitterMethods are those that an emitter can have.
var emitterMethods = []string{"Send", "Connected", "CloseAll", "Attach", "Detach"}

func (g *generator) emitter() {
	if !g.emits() {
		return
	}
	g.part(`// Emitter reaches one user, the one that EmitterFor was given, and can reach no
// other. It is a small value: copy it, share it between goroutines, drop it when
// done.
type Emitter struct {
	manager *Manager
	userID  wsruntime.UserID
}
`)
	if g.Package["EmitterFor"] {
		g.part(`// EmitterFor returns the emitter of one user. Making it has no effect and never
// blocks.
func EmitterFor(userID string) Emitter { return process.EmitterFor(userID) }
`)
	}
	g.part(`// EmitterFor returns the emitter of one user on m. Making it has no effect and
// never blocks.
func (m *Manager) EmitterFor(userID string) Emitter {
	return Emitter{manager: m, userID: wsruntime.UserID(userID)}
}
`)
	if g.Needs.Emitter["Send"] {
		g.part(sendPart, "context")
	}
	if g.Needs.Emitter["Connected"] {
		g.part(`// Connected reports whether the user has a ready connection.
func (e Emitter) Connected() bool {
	stats, ok := e.manager.Factory().UserStats(e.userID)
	return ok && stats.Conns > 0
}
`)
	}
	g.endings()
	if g.wants("BroadcastAll") || g.Needs.Emitter["Send"] {
		g.bytes()
	}
}

const sendPart = `// Send sends a message to the user's connections: bytes and strings as they are, as
// a text message, anything else as one JSON text message.
func (e Emitter) Send(message any) error {
	ctx := context.Background()
	em, err := e.manager.Factory().Emitter(ctx, e.userID)
	if err != nil {
		return err
	}
	defer em.Close()
	if b, ok := bytesOf(message); ok {
		return em.EmitRaw(ctx, wsruntime.TextMessage, b)
	}
	return em.EmitJSON(ctx, message)
}
`

func (g *generator) bytes() {
	g.part(`func bytesOf(message any) ([]byte, bool) {
	switch m := message.(type) {
	case []byte:
		return m, true
	case string:
		return []byte(m), true
	case json.RawMessage:
		return m, true
	}
	return nil, false
}
`, "encoding/json")
}

// endings are the methods that take and give back connections.
func (g *generator) endings() {
	if g.Needs.Emitter["CloseAll"] {
		g.part(`// CloseAll closes the user's connections, after what is queued for them. The user
// may connect again.
func (e Emitter) CloseAll() error {
	em, err := e.manager.Factory().Emitter(context.Background(), e.userID)
	if err != nil {
		return err
	}
	defer em.Close()
	var errs []error
	for c := range em.UserContext().Pool().All() {
		errs = append(errs, c.Close(1000, ""))
	}
	return errors.Join(errs...)
}
`, "context", "errors")
	}
	if g.attaches() {
		g.part(attachPart, "context")
		g.part(detachPart, "fmt")
	}
}

const attachPart = `// Attach makes a connection that the caller upgraded and goes on reading one of the
// user's.
func (e Emitter) Attach(ws *websocket.Conn) error {
	c, err := e.manager.Factory().Adopt(context.Background(), e.userID, ws)
	if err != nil {
		return err
	}
	e.manager.mu.Lock()
	e.manager.conns[ws] = c
	e.manager.mu.Unlock()
	context.AfterFunc(c.Context(), func() {
		e.manager.mu.Lock()
		defer e.manager.mu.Unlock()
		if e.manager.conns[ws] == c {
			delete(e.manager.conns, ws)
		}
	})
	return nil
}
`

const detachPart = `// Detach closes one connection of the user. A connection that is not, or no longer,
// the user's is left alone.
func (e Emitter) Detach(ws *websocket.Conn) error {
	e.manager.mu.Lock()
	c := e.manager.conns[ws]
	e.manager.mu.Unlock()
	if c == nil {
		return nil
	}
	if c.User() != e.userID {
		return fmt.Errorf("%w: detach for %q", wsruntime.ErrOwner, e.userID)
	}
	return c.Close(1000, "")
}
`

// everybody is what reaches, lists or ends all users.
func (g *generator) everybody() {
	if g.wants("BroadcastAll") {
		g.function("BroadcastAll", "message any", "message", "error", "sends a message to everybody who is connected.")
		g.part(broadcastPart, "context", "encoding/json")
		if !g.emits() {
			g.bytes()
		}
	}
	if g.wants("Users") {
		g.function("Users", "", "", "[]string", "lists the users who have a ready connection, sorted.")
		g.part(`// Users lists the users who have a ready connection, sorted.
func (m *Manager) Users() []string {
	var users []string
	for user, stats := range m.Factory().ByUser() {
		if stats.Conns > 0 {
			users = append(users, string(user))
		}
	}
	slices.Sort(users)
	return users
}
`, "slices")
	}
	if g.wants("Stop") {
		g.function("Stop", "ctx context.Context", "ctx", "error", "shuts the factory down.")
		g.part(stopPart, "context")
	}
}

const broadcastPart = `// BroadcastAll sends a message to everybody who is connected.
func (m *Manager) BroadcastAll(message any) error {
	_, err := m.Factory().Broadcast(context.Background(), wsruntime.Event{Type: "raw", Data: &payload{message}})
	return err
}

// payload encodes a message as Send would.
type payload struct{ message any }

// AppendJSON appends the message's bytes.
func (p *payload) AppendJSON(dst []byte) ([]byte, error) {
	if b, ok := bytesOf(p.message); ok {
		return append(dst, b...), nil
	}
	b, err := json.Marshal(p.message)
	if err != nil {
		return dst, err
	}
	return append(append(dst, b...), '\n'), nil
}
`

const stopPart = `// Stop shuts the factory down; a later call makes a new one, or takes the one that
// UseFactory is given.
func (m *Manager) Stop(ctx context.Context) error {
	m.mu.Lock()
	f := m.factory
	m.factory = nil
	m.mu.Unlock()
	if f == nil {
		return nil
	}
	return f.Shutdown(ctx)
}
`

// function is the package's function for a method of the manager.
func (g *generator) function(name, params, args, result, doc string) {
	if g.Package[name] {
		g.part("// " + name + " " + doc + "\nfunc " + name + "(" + params + ") " + result + " { return process." + name + "(" + args + ") }\n")
	}
}

// old are the methods under their old names.
func (g *generator) old() {
	for _, m := range oldMethods {
		if g.Old[m.name] {
			g.part("// " + m.name + " is for interfaces and values of functions that are called so.\nfunc (m *Manager) " + m.name + m.signature + " { return m." + m.body + " }\n")
			if m.name == "Shutdown" {
				g.imports["context"] = true
			}
		}
	}
}

var oldMethods = []struct{ name, signature, body string }{
	{"SendToUser", "(userID string, message any) error", "EmitterFor(userID).Send(message)"},
	{"Broadcast", "(message any) error", "BroadcastAll(message)"},
	{"Connect", "(userID string, conn *websocket.Conn) error", "EmitterFor(userID).Attach(conn)"},
	{"Register", "(userID string, conn *websocket.Conn) error", "EmitterFor(userID).Attach(conn)"},
	{"Disconnect", "(userID string) error", "EmitterFor(userID).CloseAll()"},
	{"Unregister", "(userID string, conn *websocket.Conn) error", "EmitterFor(userID).Detach(conn)"},
	{"IsConnected", "(userID string) bool", "EmitterFor(userID).Connected()"},
	{"ConnectedUsers", "() []string", "Users()"},
	{"Shutdown", "() error", "Stop(context.Background())"},
	{"For", "(userID string) Emitter", "EmitterFor(userID)"},
}
