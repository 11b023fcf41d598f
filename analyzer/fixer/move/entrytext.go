package move

// The parts of the generated file for registries whose entries stay. Names between
// at signs are those of this registry's functions.

const attachClientText = `// @attach@ registers the connection: from now on its user's look-ups find client.
func (c *$Connection$) @attach@(client $Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = client
}

`

const attachConnText = `// @attach@ registers the connection: from now on its user's look-ups find it.
func (c *$Connection$) @attach@() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = c
}

`

const detachText = `// @detach@ has look-ups find the connection no more. It stays open.
func (c *$Connection$) @detach@() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held = nil
}

// @entry@ returns what the connection is registered with, while it is.
func (c *$Connection$) @entry@() (entry $Entry, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held, c.held != nil
}

// @attached@ reports whether the connection is registered.
func (c *$Connection$) @attached@() bool {
	_, ok := c.@entry@()
	return ok
}
`

var connWriteText = map[string]string{
	"WriteMessage": `// WriteMessage sends data as one message to this connection alone. Pings and pongs
// are the runtime's business; a close message closes.
func (c *$Connection$) WriteMessage(messageType int, data []byte) error {
	switch $rt.MessageType(messageType) {
	case $rt.TextMessage, $rt.BinaryMessage:
		c.mu.Lock()
		conn := c.conn
		c.mu.Unlock()
		return conn.EmitRaw(context.Background(), $rt.MessageType(messageType), data)
	case 8: // close
		return c.Close()
	}
	return nil
}
`,
	"WriteJSON": `// WriteJSON sends v as one text message, byte for byte as a *websocket.Conn would.
func (c *$Connection$) WriteJSON(v any) error {
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(v); err != nil {
		return err
	}
	return c.WriteMessage(int($rt.TextMessage), text.Bytes())
}
`,
	"NextWriter": `// NextWriter returns a writer for one message, which is sent when it is closed.
func (c *$Connection$) NextWriter(messageType int) (io.WriteCloser, error) {
	return &$wire${conn: c, messageType: messageType}, nil
}

// $wire$ is a message being written.
type $wire$ struct {
	bytes.Buffer
	conn        *$Connection$
	messageType int
}

func (w *$wire$) Close() error { return w.conn.WriteMessage(w.messageType, w.Bytes()) }
`,
	"WriteControl": `// WriteControl does nothing for pings and pongs, which are the runtime's business; a
// close message closes.
func (c *$Connection$) WriteControl(messageType int, _ []byte, _ time.Time) error {
	if messageType == 8 {
		return c.Close()
	}
	return nil
}
`,
	"RemoteAddr": `// RemoteAddr is the client's address.
func (c *$Connection$) RemoteAddr() net.Addr {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.RemoteAddr()
}
`,
}

const poolText = `// @pool@ returns what the ready connections of one user are registered with, the
// oldest first. Whose a connection is was settled when it was accepted.
func @pool@(id $rt.UserID) []$Entry {
	em, err := $currentFactory$().Emitter(context.Background(), id)
	if err != nil {
		return nil
	}
	defer em.Close()
	var found []$Entry
	for conn := range em.UserContext().Pool().All() {
		if c := $connectionIn$(conn.Context()); c != nil {
			if entry, ok := c.@entry@(); ok {
				found = append(found, entry)
			}
		}
	}
	return found
}
`

const sliceOfText = `// @of@ returns all that user is connected with.
func @of@(user $type) []$Entry { return @pool@($to) }
`

const setOfText = `// @of@ returns all that user is connected with.
func @of@(user $type) $Group {
	found := $Group{}
	for _, entry := range @pool@($to) {
		found[entry] = $true
	}
	return found
}
`

const groupFoundText = `// @lookup@ is @of@, and reports whether user is connected.
func @lookup@(user $type) ($Group, bool) {
	found := @of@(user)
	return found, len(found) > 0
}
`

const newestText = `// @lookup@ returns what user is connected with; of several the newest.
func @lookup@(user $type) (entry $Entry, ok bool) {
	found := @pool@($to)
	if len(found) == 0 {
		return nil, false
	}
	return found[len(found)-1], true
}
`

const orNilText = `// @orNil@ is @lookup@, with nil for a user who is not connected.
func @orNil@(user $type) $Entry {
	entry, _ := @lookup@(user)
	return entry
}
`

const forgetText = `// @forget@ has look-ups find nothing of user that is connected now.
func @forget@(user $type) {
	for _, entry := range @pool@($to) {
		$connOfEntry.@detach@()
	}
}
`

const allEntriesText = `// @all@ goes through everyone who is connected.
func @all@() iter.Seq2[$type, $Group] {
	return func(yield func($type, $Group) bool) {
		for id, stats := range $currentFactory$().ByUser() {
			if stats.Conns == 0 {
				continue
			}
$parse$body
		}
	}
}
`

const eachText = `// @each@ calls f for everyone who is connected, until it returns false.
func @each@(f func(user $type, entry $Entry) bool) {
	for user, entry := range @all@() {
		if !f(user, entry) {
			return
		}
	}
}
`

const countEntriesText = `// @count@ is how many there are.
func @count@() int {
	n := 0
	for id := range $currentFactory$().ByUser() {
$body
	}
	return n
}
`
