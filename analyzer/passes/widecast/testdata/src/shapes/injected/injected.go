// Package injected is given its hub, which leaks just as a process-wide one. // want package:`Account\.Holder`
package injected

import "shapes/injected/ws"

type Account struct {
	Holder string
	Cents  int
}

type Service struct{ hub *ws.Hub }

func NewService(hub *ws.Hub) *Service { return &Service{hub: hub} }

func (s *Service) deposited(a Account) { s.hub.SendTo(a.Holder, a) }

func (s *Service) changed(a *Account) {
	s.hub.All(a) // want `^everyone receives what is made from a, and elsewhere its Holder picks one user; .* the alternative is SendTo \(widecast, broadcast\)$`
}

func (s *Service) rate(percent int) { s.hub.All(percent) }

// What has methods of that kind and no connections is no hub.
type journal struct{ lines map[string][]Account }

func (j *journal) SendTo(name string, a Account) { j.lines[name] = append(j.lines[name], a) }

func (j *journal) All(a Account) {
	for name := range j.lines {
		j.SendTo(name, a)
	}
}

func note(j *journal, a Account) { j.All(a) }
