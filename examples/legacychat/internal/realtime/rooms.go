package realtime

import "log"

// Join makes userID a member of room. Membership outlives the connection, so that
// a page reload does not throw anyone out.
func (m *Manager) Join(room, userID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rooms[room] == nil {
		m.rooms[room] = make(map[string]bool)
	}
	m.rooms[room][userID] = true
}

// Leave ends the membership of userID in room.
func (m *Manager) Leave(room, userID string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rooms[room], userID)
}

// SendToRoom delivers msg to the members of room who are online.
func (m *Manager) SendToRoom(room string, msg Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for userID := range m.rooms[room] {
		conn, ok := m.conns[userID]
		if !ok {
			continue
		}
		if err := conn.WriteJSON(msg); err != nil {
			log.Printf("realtime: room %s, user %s: %v", room, userID, err)
		}
	}
}
