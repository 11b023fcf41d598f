package chat

// Store is a message log behind a connection of loopback, as a database would be.
// It is safe for concurrent use: callers have a connection each while there are
// any, and wait for one otherwise.
type Store struct {
	backend *Backend
	idle    chan *Line
}

const (
	storeLines  = 8
	storeRounds = 10
)

// NewStore opens a store that closes when the lobby stops.
func NewStore(l *Lobby) (*Store, error) {
	backend, err := newBackend(l, storeRounds)
	if err != nil {
		return nil, err
	}
	s := &Store{backend: backend, idle: make(chan *Line, storeLines)}
	for range storeLines {
		line, err := backend.Dial()
		if err != nil {
			return nil, err
		}
		s.idle <- line
	}
	return s, nil
}

// Append logs a message of a user's and returns its checksum, "" once the store
// is closed. The text may be of any length and is logged by its start.
func (s *Store) Append(user, text string) string {
	line := <-s.idle
	defer func() { s.idle <- line }()
	if line.Ask(firstLine(user)+" "+firstLine(text)) != nil {
		return ""
	}
	sum, err := line.Answer()
	if err != nil {
		return ""
	}
	return sum
}

// firstLine is what fits into a question.
func firstLine(text string) string {
	for i := range len(text) {
		if text[i] == '\n' || i == 512 {
			return text[:i]
		}
	}
	return text
}
