package move

// The parts of the generated file. Names between dollar signs are chosen so that
// the package has not got them.

const acceptText = `// $Accept$ upgrades the request to a connection of user and returns when it is
$if-map:// ready. Until the handler sets OnMessage nothing is read from it; a handler that
$if-map:// returns without doing so closes it. When the client was refused, the error says
$if-map:// why and the answer has been sent.
$if-list:// ready. What it sends waits until OnMessage is set. When the client was refused,
$if-list:// the error says why and the answer has been sent.
func $Accept$(w http.ResponseWriter, r *http.Request, user $type$parameters) (*$Connection$, error) {
	conn := &$Connection${started: make(chan struct{})$origin}
$if-headers:	maps.Copy(w.Header(), header)
$if-protocols:	if protocols != nil {
$if-protocols:		w.Header().Set("Sec-Websocket-Protocol", $subprotocol$(r, protocols))
$if-protocols:	}
$if-conn.Subprotocol:	conn.protocol = w.Header().Get("Sec-Websocket-Protocol")
	ctx := context.WithValue(r.Context(), $connectionKey${}, conn)
	if err := $currentFactory$().Serve(w, r.WithContext(ctx), $to); err != nil {
		return nil, err
	}
$if-map:	context.AfterFunc(r.Context(), conn.abandon)
	return conn, nil
}
`

const connectionText = `$if-map:// $Connection$ is one connection of a user, as its handler sees it: for reading. Its
$if-map:// methods may be called from any goroutine.
$if-list:// $Connection$ is one connection of a user. Its methods may be called from any
$if-list:// goroutine.
type $Connection$ struct {
	started chan struct{} // closed when message is set, or never will be
$if-origins:	origin  func(*http.Request) bool
$if-conn.Subprotocol:	protocol string

	mu      sync.Mutex
	conn    *$rt.Conn
	message func(messageType int, data []byte) error
	closed  []func(err error)
$if-list:	held    $Entry // what it is registered with, nil while it is not
$if-conn.SetReadLimit:	limit   int64       // of a message in bytes, 0 for none
$if-conn.SetReadDeadline:	idle    *time.Timer // closes it when it runs out
	ended   bool
	why     error
}

type $connectionKey$ struct{}

func $connectionIn$(ctx context.Context) *$Connection$ {
	conn, _ := ctx.Value($connectionKey${}).(*$Connection$)
	return conn
}

// OnMessage has message called with everything that the client sends, in order and
// one at a time; an error closes the connection. It must be called once.
func (c *$Connection$) OnMessage(message func(messageType int, data []byte) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.message == nil && !c.ended {
		c.message = message
		close(c.started)
	}
}

// OnClose has closed called once the connection has ended, with the reason; at
// once when it has ended already.
func (c *$Connection$) OnClose(closed func(err error)) {
	c.mu.Lock()
	if !c.ended {
		c.closed = append(c.closed, closed)
		c.mu.Unlock()
		return
	}
	c.mu.Unlock()
	closed(c.why)
}

// Context ends with the connection and has the values of its request.
func (c *$Connection$) Context() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.Context()
}

// Close closes this connection; others of the same user stay.
func (c *$Connection$) Close() error {
	c.mu.Lock()
	conn := c.conn
	c.mu.Unlock()
	return conn.Close(1000, "")
}
`

const abandonText = `// abandon closes a connection whose handler returned without reading from it.
func (c *$Connection$) abandon() {
	c.mu.Lock()
	forgotten := c.message == nil && !c.ended
	c.mu.Unlock()
	if !forgotten {
		return
	}
	c.OnMessage(func(int, []byte) error { return nil })
	if err := c.Close(); err != nil {
		slog.Debug("$pkg: closing a connection that nobody reads", "error", err)
	}
}
`

const receiveText = `// receive waits until the handler is ready for what the client has sent.
func (c *$Connection$) receive(messageType int, data []byte) error {
$if-map:	<-c.started
$if-list:	select {
$if-list:	case <-c.started:
$if-list:	case <-c.Context().Done():
$if-list:		return nil
$if-list:	}
	c.mu.Lock()
	message := c.message
$if-conn.SetReadLimit:	conn, limit := c.conn, c.limit
	c.mu.Unlock()
$if-conn.SetReadLimit:	if limit > 0 && int64(len(data)) > limit {
$if-conn.SetReadLimit:		return conn.Close(1009, "")
$if-conn.SetReadLimit:	}
	return message(messageType, data)
}

func (c *$Connection$) end(err error) {
	c.mu.Lock()
	c.ended, c.why = true, err
	closed := c.closed
$if-conn.SetReadDeadline:	if c.idle != nil {
$if-conn.SetReadDeadline:		c.idle.Stop()
$if-conn.SetReadDeadline:	}
	c.mu.Unlock()
	for _, f := range closed {
		f(err)
	}
}
`

const userConnText = `// $userConn$ writes to all connections of one user, where the registry held one.
type $userConn$ struct {
	id $rt.UserID
}

func (c *$userConn$) emit(send func(context.Context, *$rt.Emitter) error) error {
	ctx := context.Background()
	em, err := $currentFactory$().Emitter(ctx, c.id)
	if err != nil {
		return err
	}
	defer em.Close()
	return send(ctx, em)
}
`

// writeText has the methods that a stand-in for a connection may need.
var writeText = map[string]string{
	"WriteJSON": `// WriteJSON sends v as one text message, byte for byte as a *websocket.Conn would.
func (c *$userConn$) WriteJSON(v any) error {
	return c.emit(func(ctx context.Context, em *$rt.Emitter) error { return em.EmitJSON(ctx, v) })
}
`,
	"WriteMessage": `// WriteMessage sends data as one message.
func (c *$userConn$) WriteMessage(messageType int, data []byte) error {
	return c.emit(func(ctx context.Context, em *$rt.Emitter) error {
		return em.EmitRaw(ctx, $rt.MessageType(messageType), data)
	})
}
`,
	"SetWriteDeadline": `// SetWriteDeadline does nothing: the factory has a write timeout of its own.
func (c *$userConn$) SetWriteDeadline(time.Time) error { return nil }
`,
	"Close": `// Close closes the user's connections.
func (c *$userConn$) Close() error {
	return c.emit(func(_ context.Context, em *$rt.Emitter) error {
		var errs []error
		for conn := range em.UserContext().Pool().All() {
			errs = append(errs, conn.Close(1000, ""))
		}
		return errors.Join(errs...)
	})
}
`,
}

const connOfText = `// $connOf$ reaches the connections of user; ok reports whether there are any.
func $connOf$(user $type) (conn *$userConn$, ok bool) {
	conn = &$userConn${$to}
	err := conn.emit(func(_ context.Context, em *$rt.Emitter) error {
		ok = em.UserContext().Pool().Len() > 0
		return nil
	})
	if err != nil || !ok {
		return nil, false
	}
	return conn, true
}
`

const connOrNilText = `// $connOrNil$ is $connOf$, with nil for a user without connections.
func $connOrNil$(user $type) *$userConn$ {
	conn, _ := $connOf$(user)
	return conn
}
`

const allConnsText = `// $allConns$ goes through the users who are connected.
func $allConns$() iter.Seq2[$type, *$userConn$] {
	return func(yield func($type, *$userConn$) bool) {
		for id, stats := range $currentFactory$().ByUser() {
			if stats.Conns == 0 {
				continue
			}
$body
		}
	}
}
`

const onlineText = `// $online$ is how many users are connected.
func $online$() int {
	n := 0
	for _, stats := range $currentFactory$().ByUser() {
		if stats.Conns > 0 {
			n++
		}
	}
	return n
}
`

const factoryText = `// $factory$ is what $UseFactory$ was given.
var $factory$ atomic.Pointer[$rt.Factory]

// $UseFactory$ has the connections of this package live in f, which must have been
// made with $FactoryOptions$. Call it before the first connection; without it the
// package makes a factory of its own then, and logs that.
func $UseFactory$(f *$rt.Factory) { $factory$.Store(f) }

// $FactoryOptions$ are what a factory needs to serve the connections of this package
// with the same bytes on the wire as before. Limits may be added.
func $FactoryOptions$() *$rt.Options {
	return &$rt.Options{
		Framing:         $rt.Raw,
		Overflow:        $rt.Disconnect, // a client that can't keep up reconnects, nothing is lost unseen
		AtLimit:         $rt.EvictOldest,
$if-one:		MaxConnsPerUser: 1,
		MaxEventBytes:   16 << 20,
		QueueBytes:      16 << 20,
		MaxInboundBytes: 16 << 20,
		InboundRate:     -1,
$if-compress:		Compression:     true,
$if-origins:		CheckOrigin: func(r *http.Request) bool {
$if-origins:			if conn := $connectionIn$(r.Context()); conn != nil && conn.origin != nil {
$if-origins:				return conn.origin(r)
$if-origins:			}
$if-origins:			return $sameOrigin$(r)
$if-origins:		},
		OnConnect: func(ctx context.Context, c *$rt.Conn) error {
			if conn := $connectionIn$(ctx); conn != nil {
				conn.mu.Lock()
				defer conn.mu.Unlock()
				conn.conn = c
			}
			return nil
		},
		OnMessage: func(ctx context.Context, _ *$rt.Conn, mt $rt.MessageType, data []byte) error {
			if conn := $connectionIn$(ctx); conn != nil {
				return conn.receive(int(mt), data)
			}
			return nil
		},
		OnDisconnect: func(c *$rt.Conn, err error) {
			if conn := $connectionIn$(c.Context()); conn != nil {
				if err == nil {
					err = io.EOF // the client has left as clients do
				}
$if-map:				conn.end(err)
$if-list:				go conn.end(err) // what it does may wait for whoever is writing
			}
		},
	}
}
`

const factoryCoreText = `func $currentFactory$() *$rt.Factory {
	if f := $factory$.Load(); f != nil {
		return f
	}
	return $ownFactory$()
}

var $ownFactory$ = sync.OnceValue(func() *$rt.Factory {
	f, err := $rt.NewFactory($FactoryOptions$())
	if err != nil {
		panic(err) // these options are valid
	}
	slog.Info("$pkg: $UseFactory$ was not called, connections live in a factory of the package")
	return f
})
`

const sameOriginText = `// $sameOrigin$ is what an Upgrader without CheckOrigin does.
func $sameOrigin$(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}
`
