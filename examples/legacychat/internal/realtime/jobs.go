package realtime

// SetUser says whose job is being worked on: Emit reports to that user.
func (m *Manager) SetUser(userID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.current = userID
}

// Emit reports an event of the running job to the user set with SetUser, so that
// the code that does the work need not know whom it works for.
func (m *Manager) Emit(event string, data any) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	conn, ok := m.conns[m.current]
	if !ok {
		return ErrOffline
	}
	return conn.WriteJSON(Message{Type: event, Data: data})
}

// Notify sends a plain text notification to userID.
func Notify(userID, text string) error {
	return GetManager().SendToUser(userID, Message{Type: "notification", Text: text})
}
