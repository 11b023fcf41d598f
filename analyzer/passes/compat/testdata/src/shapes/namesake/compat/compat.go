// Package compat is the program's own: only the name is the same.
package compat

type Manager struct{}

func GetManager() *Manager { return nil }

func (m *Manager) SendToUser(user string) {}
