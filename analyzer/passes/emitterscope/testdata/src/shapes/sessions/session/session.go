// Package session has a type for one user's session. Such a type is fine: it is
// what keeps one in package state that is not.
package session

import wsruntime "github.com/wsmig/wsmig/runtime"

type Session struct { // want Session:`holds\(Emitter\)`
	user wsruntime.UserID
	em   *wsruntime.Emitter
}

func New(em *wsruntime.Emitter) *Session { return &Session{user: em.User(), em: em} }

// A factory belongs to all users.
var Factory *wsruntime.Factory

type Config struct{ Factory *wsruntime.Factory }
