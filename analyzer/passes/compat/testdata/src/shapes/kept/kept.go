// Package kept holds on to the manager: each place where it gets away is a use,
// and so is each call on what was kept.
package kept

import "github.com/wsmig/wsmig/runtime/compat"

type service struct {
	ws interface {
		SendToUser(user, event string, data any) error
	}
}

func newService() *service {
	return &service{ws: compat.GetManager()} // want `^compat\.GetManager still goes .* \(compat, escape\)$`
}

// A call through the interface is not seen, the place above is.
func (s *service) paid(owner string) error { return s.ws.SendToUser(owner, "paid", nil) }

func local(owner string) {
	m := compat.GetManager()      // want `hand out the factory, or an emitter .* \(compat, escape\)$`
	m.SendToUser(owner, "a", nil) // want `\(compat, user-send\)$`
	m.SendToUser(owner, "b", nil) // want `\(compat, user-send\)$`
}

func values() (func(string, string, any) error, func(string, any) error) {
	get := compat.GetManager // want `\(compat, escape\)$`
	get()
	return compat.GetManager().SendToUser, // want `^\(compat\.Manager\)\.SendToUser .* \(compat, escape\)$`
		compat.GetManager().Broadcast // want `\(compat, escape\)$`
}

func passed() { take(compat.GetManager()) } // want `\(compat, escape\)$`

func take(any) {}
