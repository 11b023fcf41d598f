package runtime

import "context"

// Revoke ends everything that the user has: connections are closed with 1008, queues and the resume ring are
// forgotten, emitters of that user return [ErrRevoked] from now on, and a handshake that authenticated before is
// refused. When Revoke returns, nothing is written to that user any more. It does not remember the user: take the
// credential back first, so that the authenticator refuses it; a later handshake that passes the authenticator starts
// with an empty context.
func (f *Factory) Revoke(ctx context.Context, user UserID) error {
	if err := user.Validate(); err != nil {
		return err
	}
	f.revokeHere(ctx, user)
	if f.opts.Bus != nil {
		return f.opts.Bus.Publish(ctx, &BusMessage{User: user, Revoke: true})
	}
	return ctx.Err()
}

func (f *Factory) revokeHere(ctx context.Context, user UserID) {
	s := f.shardOf(user)
	s.mu.Lock()
	if s.revoked == nil {
		s.revoked = make(map[UserID]revocation)
	}
	s.revoked[user] = revocation{number: f.revocations.Add(1), at: f.now()}
	delete(s.parked, user)
	uc := s.users[user]
	var end ending
	var conns []*Conn
	if uc != nil {
		uc.mu.Lock()
		end = s.closeLocked(uc, ucRevoked)
		conns = append(conns, uc.conns...)
		if uc.holds == 0 {
			s.endLocked(uc)
		}
		uc.mu.Unlock()
	}
	s.mu.Unlock()
	closeAll(ctx, conns, "revoked", ErrRevoked, dropRevoked)
	end.run()
}

// expel ends a user's context without a mark against the user.
func (f *Factory) expel(uc *UserContext, why error, reason string) {
	s := uc.shard
	s.mu.Lock()
	uc.mu.Lock()
	var end ending
	conns := append([]*Conn(nil), uc.conns...)
	if uc.end == ucOpen {
		end = s.closeLocked(uc, ucEnded)
		if uc.holds == 0 {
			s.endLocked(uc)
		}
	}
	uc.mu.Unlock()
	s.mu.Unlock()
	for _, c := range conns {
		c.beginClose(closePolicy, reason, why, dropClosed)
	}
	end.run()
}

// closeAll closes connections and waits until nothing more can be written on them: a moment for the close frame, since
// a client that does not read must not hold up the caller.
func closeAll(ctx context.Context, conns []*Conn, reason string, why error, drop dropIndex) {
	if len(conns) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, farewell)
	defer cancel()
	for _, c := range conns {
		c.beginClose(closePolicy, reason, why, drop)
	}
	for _, c := range conns {
		if c.quiet(ctx) != nil {
			c.kill(drop)
		}
	}
}
