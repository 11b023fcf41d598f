// Package melody has the exported signatures of the real one, as far as the shapes
// need them.
package melody

import "net/http"

type Session struct {
	Request *http.Request
	Keys    map[string]any
}

func (s *Session) Write(msg []byte) error { return nil }

type Melody struct{ hidden int }

func New() *Melody { return nil }

func (m *Melody) HandleRequest(w http.ResponseWriter, r *http.Request) error { return nil }
func (m *Melody) HandleConnect(fn func(*Session))                            {}
func (m *Melody) HandleMessage(fn func(*Session, []byte))                    {}
func (m *Melody) Broadcast(msg []byte) error                                 { return nil }
