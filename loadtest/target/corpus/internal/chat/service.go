package chat

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/gorilla/websocket"
)

// Service is a chat server: /ws for clients, /notify, /publish and /users/ID/events
// for the application, /revoke for its administration. Its fields are set before
// Handler is called and not changed afterwards.
type Service struct {
	Lobby   *Lobby
	Format  Format
	Auth    *Auth
	Hub     Hub
	Rooms   Rooms
	Backend *Backend // what requests can be passed on to, nil unless asked for
	Store   *Store   // where messages can be logged, nil unless asked for

	// Deliver, Send, Ask and Revoke replace what the service does by itself; nil
	// keeps that.
	Deliver func(to string, ev *Event) bool
	Send    func(c *Conn, cmd *Command)
	Ask     func(c *Conn, cmd *Command)
	Revoke  func(user string)
	// Upgrade replaces gorilla's sockets.
	Upgrade func(w http.ResponseWriter, r *http.Request) (Socket, error)
	// Greeted is called after a login by message; nil does nothing.
	Greeted func(c *Conn, cmd *Command)
}

// Handler is the server's front door.
func (s *Service) Handler() *http.ServeMux {
	if s.Deliver == nil {
		s.Deliver = s.Hub.Deliver
	}
	if s.Send == nil {
		s.Send = s.send
	}
	if s.Ask == nil {
		s.Ask = func(c *Conn, cmd *Command) { c.Push(&Event{Kind: Reply, ID: cmd.ID, Text: cmd.Q}) }
	}
	if s.Upgrade == nil {
		s.Upgrade = s.Gorilla
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", s.serveWS)
	mux.HandleFunc("POST /notify", s.notify)
	mux.HandleFunc("POST /publish", s.publish)
	mux.HandleFunc("PUT /users/{user}/events", s.put)
	if s.Revoke != nil {
		mux.HandleFunc("POST /revoke", s.revoke)
	}
	if s.Auth.Routes != nil {
		s.Auth.Routes(mux)
	}
	return mux
}

// Gorilla is the ordinary way to a socket.
func (s *Service) Gorilla(w http.ResponseWriter, r *http.Request) (Socket, error) {
	up := websocket.Upgrader{ReadBufferSize: 1024, WriteBufferSize: 1024, Subprotocols: s.Auth.Subprotocols, EnableCompression: true}
	ws, err := up.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(maxMessage)
	return ws, nil
}

func (s *Service) serveWS(w http.ResponseWriter, r *http.Request) {
	user, err := s.Auth.User(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	socket, err := s.Upgrade(w, r)
	if err != nil {
		return // Upgrade has answered
	}
	defer func() { _ = socket.Close() }() // it may be closed already
	if !s.Lobby.enter(socket) {
		return
	}
	defer s.Lobby.leave(socket)
	c := newConn(s.Lobby, socket, s.Format, r.URL.Query())
	defer s.leave(c, nil)
	defer c.end()
	if user != "" {
		s.enter(c, user)
	}
	s.read(c)
}

// read works off the client's messages until the socket ends.
func (s *Service) read(c *Conn) {
	for {
		_, data, err := c.socket.ReadMessage()
		if err != nil {
			return
		}
		cmd, err := s.Format.Decode(data)
		switch {
		case err != nil:
			c.Push(&Event{Kind: Failed, Hint: "not a message"})
		case cmd.Verb != Login && c.User() == "":
			c.Push(&Event{Kind: Failed, Hint: "log in first"})
		default:
			s.obey(c, cmd)
		}
	}
}

func (s *Service) obey(c *Conn, cmd *Command) {
	switch cmd.Verb {
	case Send:
		s.Send(c, cmd)
	case Ask:
		s.Ask(c, cmd)
	case Join:
		s.Rooms.Join(c, cmd.Room)
	case Leave:
		s.Rooms.Part(c, cmd.Room)
	case Say:
		s.Rooms.Say(cmd.Room, &Event{Kind: Said, Room: cmd.Room, From: c.User(), Text: cmd.Text})
	case Login:
		s.login(c, cmd)
	case Logout:
		s.leave(c, &Event{Kind: Bye})
	default:
		c.Push(&Event{Kind: Failed, Hint: "unknown type"})
	}
}

func (s *Service) login(c *Conn, cmd *Command) {
	if cmd.User == "" || cmd.Token == "" {
		c.Push(&Event{Kind: Failed, Hint: "user or token is missing"})
		return
	}
	s.Rooms.Leave(c)
	s.enter(c, cmd.User)
	if s.Greeted != nil {
		s.Greeted(c, cmd)
	}
}

func (s *Service) enter(c *Conn, user string) {
	s.Hub.Bind(c, user, &Event{Kind: Ready, From: user})
}

func (s *Service) leave(c *Conn, bye *Event) {
	s.Rooms.Leave(c)
	s.Hub.Unbind(c, bye)
}

func (s *Service) send(c *Conn, cmd *Command) {
	if s.Deliver(cmd.To, &Event{Kind: Message, From: c.User(), Text: cmd.Text}) {
		c.Push(&Event{Kind: Sent})
		return
	}
	c.Push(&Event{Kind: Failed, Hint: "nobody of that name is here"})
}

// notice is the body of the application's requests.
type notice struct {
	User    string          `json:"user"`
	Text    string          `json:"text"`
	Profile json.RawMessage `json:"profile"`
}

func (s *Service) notify(w http.ResponseWriter, r *http.Request) {
	var n notice
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(&n); err != nil {
		http.Error(w, "not the JSON that is expected here", http.StatusBadRequest)
		return
	}
	s.answer(w, n.User, &Event{Kind: Notice, Text: n.Text, Profile: n.Profile})
}

func (s *Service) publish(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxMessage)
	s.answer(w, r.PostFormValue("user"), &Event{Kind: Notice, Text: r.PostFormValue("text")})
}

func (s *Service) put(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if err != nil {
		http.Error(w, "too long", http.StatusRequestEntityTooLarge)
		return
	}
	s.answer(w, r.PathValue("user"), &Event{Kind: Notice, Text: string(text)})
}

func (s *Service) answer(w http.ResponseWriter, to string, ev *Event) {
	if !s.Deliver(to, ev) {
		http.Error(w, "nobody of that name is here", http.StatusNotFound)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *Service) revoke(w http.ResponseWriter, r *http.Request) {
	var n notice
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxMessage)).Decode(&n); err != nil {
		http.Error(w, "not the JSON that is expected here", http.StatusBadRequest)
		return
	}
	s.Revoke(n.User)
	w.WriteHeader(http.StatusNoContent)
}
