package move

// The parts of the generated file for sessions.

const sessionsText = `// $Sessions$ is who is connected. The connections live in the factory, each under its
// user; what is called with them is set before the first one comes.
type $Sessions$ struct {
$if-origins:	// CheckOrigin decides on the Origin header; nil lets everyone in.
$if-origins:	CheckOrigin func(*http.Request) bool
$if-origins:
$if-melody.HandleConnect:	connect    func(*$Session$)
$if-melody.HandleDisconnect:	disconnect func(*$Session$)
$if-melody.HandleMessage:	message    func(*$Session$, []byte)
$if-melody.HandleMessageBinary:	binary func(*$Session$, []byte)
$if-melody.Close:	closed     atomic.Bool
}

// $newSessions$ returns sessions that nobody has joined yet.
func $newSessions$() *$Sessions$ { return new($Sessions$) }
`

var hookText = map[string]string{
	"HandleConnect": `// HandleConnect has f called with each session that connects, before anything that it
// says.
func (m *$Sessions$) HandleConnect(f func(*$Session$)) { m.connect = f }
`,
	"HandleDisconnect": `// HandleDisconnect has f called with each session that has ended.
func (m *$Sessions$) HandleDisconnect(f func(*$Session$)) { m.disconnect = f }
`,
	"HandleMessage": `// HandleMessage has f called with the text messages of each session, in order.
func (m *$Sessions$) HandleMessage(f func(*$Session$, []byte)) { m.message = f }
`,
	"HandleMessageBinary": `// HandleMessageBinary has f called with the binary messages of each session, in order.
func (m *$Sessions$) HandleMessageBinary(f func(*$Session$, []byte)) { m.binary = f }
`,
}

const acceptSessionText = `// Accept upgrades the request to a session of user, and returns when it is up: it lives
// on its own then. When the client was refused, as one without a user is, the error
// says why and the answer has been sent.
func (m *$Sessions$) Accept(w http.ResponseWriter, r *http.Request, user $type, keys map[string]any) error {
$if-melody.Close:	if m.closed.Load() {
$if-melody.Close:		return $errClosed$
$if-melody.Close:	}
	s := &$Session${Request: r, Keys: keys, sessions: m, started: make(chan struct{})}
	ctx := context.WithValue(r.Context(), $sessionKey${}, s)
	if err := $currentFactory$().Serve(w, r.WithContext(ctx), $to); err != nil {
		return err
	}
	defer close(s.started)
$if-melody.HandleConnect:	if m.connect != nil {
$if-melody.HandleConnect:		m.connect(s)
$if-melody.HandleConnect:	}
	return nil
}
`

var sessionsMethodText = map[string]string{
	"ToUser": `// ToUser sends msg as a text message to the sessions of user, and reaches no other. It
// is no error when there are none.
func (m *$Sessions$) ToUser(user $type, msg []byte) error {
	return m.toUser($to, $rt.TextMessage, msg)
}
`,
	"BinaryToUser": `// BinaryToUser is ToUser with a binary message.
func (m *$Sessions$) BinaryToUser(user $type, msg []byte) error {
	return m.toUser($to, $rt.BinaryMessage, msg)
}
`,
	"toUser": `func (m *$Sessions$) toUser(id $rt.UserID, mt $rt.MessageType, msg []byte) error {
$if-melody.Close:	if m.closed.Load() {
$if-melody.Close:		return $errClosed$
$if-melody.Close:	}
	ctx := context.Background()
	em, err := $currentFactory$().Emitter(ctx, id)
	if errors.Is(err, $rt.ErrInvalidID) {
		return nil // nobody has such an id
	}
	if err != nil {
		return err
	}
	defer em.Close()
	if err = em.EmitRaw(ctx, mt, msg); errors.Is(err, $rt.ErrNoConnection) {
		return nil
	}
	return err
}
`,
	"Broadcast": `// Broadcast sends msg as a text message to everyone.
func (m *$Sessions$) Broadcast(msg []byte) error {
	return m.broadcast($rt.TextMessage, msg, func(*$Session$) bool { return true })
}
`,
	"BroadcastBinary": `// BroadcastBinary sends msg as a binary message to everyone.
func (m *$Sessions$) BroadcastBinary(msg []byte) error {
	return m.broadcast($rt.BinaryMessage, msg, func(*$Session$) bool { return true })
}
`,
	"BroadcastFilter": `// BroadcastFilter sends msg as a text message to the sessions that f is true for.
func (m *$Sessions$) BroadcastFilter(msg []byte, f func(*$Session$) bool) error {
	return m.broadcast($rt.TextMessage, msg, f)
}
`,
	"BroadcastBinaryFilter": `// BroadcastBinaryFilter is BroadcastFilter with a binary message.
func (m *$Sessions$) BroadcastBinaryFilter(msg []byte, f func(*$Session$) bool) error {
	return m.broadcast($rt.BinaryMessage, msg, f)
}
`,
	"BroadcastOthers": `// BroadcastOthers sends msg as a text message to everyone but s.
func (m *$Sessions$) BroadcastOthers(msg []byte, s *$Session$) error {
	return m.broadcast($rt.TextMessage, msg, func(other *$Session$) bool { return other != s })
}
`,
	"BroadcastBinaryOthers": `// BroadcastBinaryOthers is BroadcastOthers with a binary message.
func (m *$Sessions$) BroadcastBinaryOthers(msg []byte, s *$Session$) error {
	return m.broadcast($rt.BinaryMessage, msg, func(other *$Session$) bool { return other != s })
}
`,
	"broadcast": `// broadcast leaves out who ends meanwhile, and who can't keep up.
func (m *$Sessions$) broadcast(mt $rt.MessageType, msg []byte, f func(*$Session$) bool) error {
$if-melody.Close:	if m.closed.Load() {
$if-melody.Close:		return $errClosed$
$if-melody.Close:	}
	for s := range $allSessions$() {
		if !f(s) {
			continue
		}
		if err := s.conn.EmitRaw(context.Background(), mt, msg); err != nil {
			slog.Debug("$pkg: a session did not get a broadcast", "error", err)
		}
	}
	return nil
}
`,
	"BroadcastMultiple": `// BroadcastMultiple sends msg as a text message to the given sessions.
func (m *$Sessions$) BroadcastMultiple(msg []byte, sessions []*$Session$) error {
	var errs []error
	for _, s := range sessions {
		errs = append(errs, s.Write(msg))
	}
	return errors.Join(errs...)
}
`,
	"Len": `// Len is how many sessions there are.
func (m *$Sessions$) Len() int {
	n := 0
	for range $allSessions$() {
		n++
	}
	return n
}
`,
	"Sessions": `// Sessions returns everyone who is connected.
func (m *$Sessions$) Sessions() ([]*$Session$, error) {
	var all []*$Session$
	for s := range $allSessions$() {
		all = append(all, s)
	}
	return all, nil
}
`,
	"Close": `var $errClosed$ = errors.New("$pkg: closed")

// Close ends all sessions; there will be no others.
func (m *$Sessions$) Close() error {
	if m.closed.Swap(true) {
		return $errClosed$
	}
	for s := range $allSessions$() {
		if err := s.Close(); err != nil {
			slog.Debug("$pkg: closing a session", "error", err)
		}
	}
	return nil
}
`,
	"IsClosed": `// IsClosed reports whether Close was called.
func (m *$Sessions$) IsClosed() bool { return m.closed.Load() }
`,
}

const allSessionsText = `func $allSessions$() iter.Seq[*$Session$] {
	return func(yield func(*$Session$) bool) {
		for id, stats := range $currentFactory$().ByUser() {
			if stats.Conns == 0 {
				continue
			}
			for _, s := range $connected$(id) {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// $connected$ returns the sessions of one user, the oldest first. Whose a session is
// was settled when it was accepted.
func $connected$(id $rt.UserID) []*$Session$ {
	em, err := $currentFactory$().Emitter(context.Background(), id)
	if err != nil {
		return nil
	}
	defer em.Close()
	var found []*$Session$
	for conn := range em.UserContext().Pool().All() {
		if s := $sessionIn$(conn.Context()); s != nil {
			found = append(found, s)
		}
	}
	return found
}
`

const sessionText = `// $Session$ is one connection of a user. Its methods may be called from any goroutine.
type $Session$ struct {
	Request *http.Request // its context ends with the session
	Keys    map[string]any

	sessions *$Sessions$
	conn     *$rt.Conn
	started  chan struct{} // closed when the session may be heard
$if-session.mu:	mu       sync.RWMutex
$if-list:	held     *$Session$ // itself, while it is registered
}

type $sessionKey$ struct{}

func $sessionIn$(ctx context.Context) *$Session$ {
	s, _ := ctx.Value($sessionKey${}).(*$Session$)
	return s
}

func (s *$Session$) receive(mt $rt.MessageType, data []byte) {
	select {
	case <-s.started:
	case <-s.conn.Context().Done():
		return
	}
$if-melody.HandleMessage:	if mt == $rt.TextMessage && s.sessions.message != nil {
$if-melody.HandleMessage:		s.sessions.message(s, data)
$if-melody.HandleMessage:	}
$if-melody.HandleMessageBinary:	if mt == $rt.BinaryMessage && s.sessions.binary != nil {
$if-melody.HandleMessageBinary:		s.sessions.binary(s, data)
$if-melody.HandleMessageBinary:	}
}
`

var sessionMethodText = map[string]string{
	"Write": `// Write sends msg as a text message to this session alone.
func (s *$Session$) Write(msg []byte) error {
	return s.conn.EmitRaw(context.Background(), $rt.TextMessage, msg)
}
`,
	"WriteBinary": `// WriteBinary sends msg as a binary message to this session alone.
func (s *$Session$) WriteBinary(msg []byte) error {
	return s.conn.EmitRaw(context.Background(), $rt.BinaryMessage, msg)
}
`,
	"Close": `// Close ends the session once what waits for it has been sent.
func (s *$Session$) Close() error { return s.conn.Close(1000, "") }
`,
	"IsClosed": `// IsClosed reports whether the session has ended.
func (s *$Session$) IsClosed() bool { return s.conn.Context().Err() != nil }
`,
	"Get": `// Get returns what the session has under key.
func (s *$Session$) Get(key string) (value any, exists bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	value, exists = s.Keys[key]
	return value, exists
}
`,
	"MustGet": `// MustGet is Get, and panics when there is nothing.
func (s *$Session$) MustGet(key string) any {
	value, exists := s.Get(key)
	if !exists {
		panic("$pkg: the session has no key " + key)
	}
	return value
}
`,
	"Set": `// Set keeps value under key. Whose the session is does not change by it.
func (s *$Session$) Set(key string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Keys == nil {
		s.Keys = map[string]any{}
	}
	s.Keys[key] = value
}
`,
	"UnSet": `// UnSet removes a key.
func (s *$Session$) UnSet(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.Keys, key)
}
`,
	"RemoteAddr": `// RemoteAddr is the client's address.
func (s *$Session$) RemoteAddr() net.Addr { return s.conn.RemoteAddr() }
`,
}

const sessionFactoryText = `// $factory$ is what $UseFactory$ was given.
var $factory$ atomic.Pointer[$rt.Factory]

// $UseFactory$ has the sessions of this package live in f, which must have been made
// with $FactoryOptions$. Call it before the first one; without it the package makes a
// factory of its own then, and logs that.
func $UseFactory$(f *$rt.Factory) { $factory$.Store(f) }

// $FactoryOptions$ are what a factory needs to serve the sessions of this package with
// the same bytes on the wire as before. Limits may be added.
func $FactoryOptions$() *$rt.Options {
	return &$rt.Options{
		Framing:         $rt.Raw,
		Overflow:        $rt.DropNewest, // a session that can't keep up misses messages, as before
		QueueEvents:     $queue,
		QueueBytes:      16 << 20,
		MaxEventBytes:   16 << 20,
		MaxConnsPerUser: -1,
		MaxInboundBytes: $inbound,
		InboundRate:     -1,
$if-origins:		CheckOrigin: func(r *http.Request) bool {
$if-origins:			s := $sessionIn$(r.Context())
$if-origins:			return s == nil || s.sessions.CheckOrigin == nil || s.sessions.CheckOrigin(r)
$if-origins:		},
$if-plain:		CheckOrigin:     func(*http.Request) bool { return true }, // as before
		OnConnect: func(ctx context.Context, c *$rt.Conn) error {
			if s := $sessionIn$(ctx); s != nil {
				s.conn, s.Request = c, s.Request.WithContext(c.Context())
			}
			return nil
		},
		OnMessage: func(ctx context.Context, _ *$rt.Conn, mt $rt.MessageType, data []byte) error {
			if s := $sessionIn$(ctx); s != nil {
				s.receive(mt, data)
			}
			return nil
		},
$if-melody.HandleDisconnect:		OnDisconnect: func(c *$rt.Conn, _ error) {
$if-melody.HandleDisconnect:			s := $sessionIn$(c.Context())
$if-melody.HandleDisconnect:			if s == nil || s.sessions.disconnect == nil {
$if-melody.HandleDisconnect:				return
$if-melody.HandleDisconnect:			}
$if-melody.HandleDisconnect:			go func() { // what is called may wait for whoever is writing
$if-melody.HandleDisconnect:				<-s.started
$if-melody.HandleDisconnect:				s.sessions.disconnect(s)
$if-melody.HandleDisconnect:			}()
$if-melody.HandleDisconnect:		},
	}
}
`
