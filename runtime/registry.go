package runtime

import (
	"context"
	"hash/maphash"
	"strings"
	"sync"
)

const shardCount = 64

// shard holds a 64th of the users. Lock order: shard.mu, then UserContext.mu; never the other way round, and neither
// of them around I/O or a callback.
type shard struct {
	f  *Factory
	mu sync.Mutex

	// Guarded by mu.
	users   map[UserID]*UserContext
	leaving map[*UserContext]struct{} // out of users, but connections of theirs still wind down
	parked  map[UserID]*backlog       // rings of users who are away
	revoked map[UserID]revocation
	closed  tally // of the contexts that are gone
}

// revocation outlives the user's context for as long as a handshake may take, so that one which authenticated before
// the revocation is refused although it comes to its end after it.
type revocation struct {
	number uint64
	at     int64
}

func (s *shard) init(f *Factory) {
	s.f = f
	s.users = make(map[UserID]*UserContext)
}

func (f *Factory) shardOf(user UserID) *shard {
	return &f.shards[maphash.String(f.seed, string(user))%shardCount]
}

func (s *shard) find(user UserID) *UserContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users[user]
}

func (s *shard) names() []UserID {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := make([]UserID, 0, len(s.users))
	for user := range s.users {
		names = append(names, user)
	}
	return names
}

func (s *shard) contexts() []*UserContext {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*UserContext, 0, len(s.users)+len(s.leaving))
	for _, uc := range s.users {
		all = append(all, uc)
	}
	for uc := range s.leaving {
		all = append(all, uc)
	}
	return all
}

// hold is what keeps a user's context alive.
type hold uint8

const (
	holdEmitter hold = iota
	holdConn
	holdRoom
)

// acquire finds or makes the user's context and takes a hold on it. A revocation numbered above since refuses: pass the
// number that was current when the caller authenticated the user, or 0 for a caller that acts on its own.
func (f *Factory) acquire(ctx context.Context, user UserID, since uint64) (*UserContext, error) {
	return f.take(ctx, user, since, holdEmitter)
}

func (f *Factory) take(ctx context.Context, user UserID, since uint64, h hold) (*UserContext, error) {
	if err := user.Validate(); err != nil {
		return nil, err
	}
	s := f.shardOf(user)
	for {
		s.mu.Lock()
		uc, err := s.takeLocked(ctx, user, since, h)
		s.mu.Unlock()
		if err == nil || !f.makeRoomForUser(err) {
			return uc, err
		}
	}
}

func (s *shard) takeLocked(ctx context.Context, user UserID, since uint64, h hold) (*UserContext, error) {
	f := s.f
	if f.draining.Load() {
		return nil, ErrClosed
	}
	if h == holdConn && s.revoked[user].number > since {
		return nil, ErrRevoked
	}
	uc := s.users[user]
	if uc == nil {
		if err := f.inject("context"); err != nil {
			return nil, err
		}
		if !claim(&f.users, f.opts.MaxUsers) {
			return nil, &LimitError{Limit: "MaxUsers", Max: f.opts.MaxUsers}
		}
		if h != holdConn { // a handshake has done so
			ctx = context.WithoutCancel(ctx)
		}
		uc = s.createLocked(ctx, user)
	}
	uc.mu.Lock()
	defer uc.mu.Unlock()
	return uc, uc.holdLocked(h)
}

func (s *shard) createLocked(ctx context.Context, user UserID) *UserContext {
	f := s.f
	user = UserID(strings.Clone(string(user))) // some servers' strings are views of a buffer that is used again
	uc := &UserContext{f: f, shard: s, user: user, owner: f.owners.Add(1), base: ctx, active: f.now()}
	uc.conns, uc.types = uc.oneConn[:0], uc.oneType[:0]
	uc.backlog = s.parked[user]
	delete(s.parked, user)
	if uc.backlog == nil && f.opts.Framing == Envelope {
		uc.backlog = newBacklog()
	}
	s.users[user] = uc
	f.contextsCreated.Add(1)
	return uc
}

func (uc *UserContext) holdLocked(h hold) error {
	switch h {
	case holdEmitter:
		uc.emitters++
	case holdConn:
		if int(uc.slots) >= uc.f.opts.MaxConnsPerUser {
			return &LimitError{Limit: "MaxConnsPerUser", Max: uc.f.opts.MaxConnsPerUser}
		}
		uc.slots++
		uc.holds++
	case holdRoom:
		uc.roomHold = uc.emitters == 0 && uc.holds == 0
	}
	return nil
}

// release gives a hold back; with the last one the context ends.
func (uc *UserContext) release(h hold) {
	s := uc.shard
	s.mu.Lock()
	uc.mu.Lock()
	switch h {
	case holdEmitter:
		uc.emitters--
	case holdConn:
		uc.holds--
		uc.roomHold = false
	case holdRoom:
		uc.roomHold = false
	}
	end := s.endLocked(uc)
	var stop func()
	if rare := uc.rare; rare != nil && uc.holds == 0 { // emitters may keep the context, but nobody is here for whom to listen
		stop, rare.busStop = rare.busStop, nil
	}
	uc.mu.Unlock()
	s.mu.Unlock()
	end.run()
	if stop != nil {
		stop()
	}
}
