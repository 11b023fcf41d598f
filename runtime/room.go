package runtime

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// Room is a group of users by name. Membership is explicit and by user, never by what a client says: an event for the
// room reaches every ready connection of its members and nobody else. It lasts until Leave, or until the member's
// context ends with the last connection; who joins before the first connection stays a member until that has come and
// gone, or for IdleTTL. With a bus that has a history the user is a member on every node where the user is connected,
// and a connection that comes on a further node finds the rooms that the user has elsewhere. A Room value is a name: any
// number of them may stand for one room, from any goroutine.
type Room struct {
	f    *Factory
	name string
}

// Room gives the room of this name. It takes no memory until somebody joins.
func (f *Factory) Room(name string) *Room { return &Room{f: f, name: name} }

// Name is the room's name.
func (r *Room) Name() string { return r.name }

// Join makes the user a member. Joining twice is fine.
func (r *Room) Join(ctx context.Context, user UserID) error {
	if err := r.joinHere(ctx, user); err != nil || r.f.history == nil {
		return err
	}
	return r.f.joinElsewhere(ctx, r.name, user)
}

func (r *Room) joinHere(ctx context.Context, user UserID) error {
	if err := checkID("room name", r.name); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	uc, err := r.f.take(ctx, user, 0, holdEmitter)
	if err != nil {
		return err
	}
	defer uc.release(holdEmitter)
	for {
		rm := r.f.rooms.get(r.name)
		if err := rm.listen(r.f); err != nil {
			rm.quit()
			return err
		}
		if done, err := rm.join(uc); done {
			rm.quit()
			return err
		}
	}
}

// Leave ends the membership: no event that is emitted to the room after it returns reaches the user. Leaving a room
// that the user is not in is fine.
func (r *Room) Leave(ctx context.Context, user UserID) error {
	if err := user.Validate(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.leaveHere(user)
	if r.f.history == nil {
		return nil
	}
	return r.f.history.Publish(ctx, &BusMessage{User: user, Room: r.name, Leave: true})
}

func (r *Room) leaveHere(user UserID) {
	uc := r.f.shardOf(user).find(user)
	rm := r.f.rooms.find(r.name)
	if uc == nil || rm == nil {
		return
	}
	uc.mu.Lock()
	free := false
	if rare := uc.rare; rare != nil {
		rare.rooms = slices.DeleteFunc(rare.rooms, func(o *room) bool { return o == rm })
		free = uc.roomHold && len(rare.rooms) == 0
	}
	uc.mu.Unlock()
	rm.remove(uc)
	if free {
		uc.release(holdRoom)
	}
}

// Emit sends an event to every member and returns how many of them it reached, each on all connections; with a bus the
// number is of this node. With nobody reached the error is [ErrNoConnection], with some whose queue was full it is
// [ErrOverflow], and names one. An event that can't be encoded reaches nobody; with [Block] a member whose queue is full
// is waited for.
func (r *Room) Emit(ctx context.Context, ev Event) (int, error) {
	rm := r.f.rooms.find(r.name)
	var members []*UserContext
	if rm != nil {
		members = rm.list()
	}
	if r.f.history != nil {
		return r.f.recordFor(ctx, ev, r.name, members)
	}
	return r.f.fanOut(ctx, ev, members, rm)
}

// Members gives the users in the room, sorted.
func (r *Room) Members() []UserID {
	rm := r.f.rooms.find(r.name)
	if rm == nil {
		return nil
	}
	var users []UserID
	for _, uc := range rm.list() {
		users = append(users, uc.user)
	}
	slices.Sort(users)
	return users
}

// roomTable has the rooms that have members. Lock order: UserContext.mu or none, then room.mu, then roomTable.mu.
type roomTable struct {
	mu    sync.Mutex
	rooms map[string]*room
}

type room struct {
	table   *roomTable
	name    string
	mu      sync.Mutex
	gone    bool
	members map[*UserContext]struct{}

	ear  sync.Mutex // held while the room subscribes; taken before all others
	stop func()     // ends the subscription; guarded by ear
}

func (t *roomTable) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.rooms)
}

func (t *roomTable) find(name string) *room {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.rooms[name]
}

func (t *roomTable) get(name string) *room {
	t.mu.Lock()
	defer t.mu.Unlock()
	rm := t.rooms[name]
	if rm == nil {
		name = strings.Clone(name)
		rm = &room{table: t, name: name, members: make(map[*UserContext]struct{})}
		if t.rooms == nil {
			t.rooms = make(map[string]*room)
		}
		t.rooms[name] = rm
	}
	return rm
}

// join is done unless the room ended between finding it and this call.
func (rm *room) join(uc *UserContext) (done bool, err error) {
	uc.mu.Lock()
	defer uc.mu.Unlock()
	rm.mu.Lock()
	defer rm.mu.Unlock()
	if rm.gone {
		return false, nil
	}
	if uc.end != ucOpen {
		rm.endIfEmptyLocked()
		return true, uc.end.err()
	}
	if _, member := rm.members[uc]; member {
		return true, nil
	}
	rm.members[uc] = struct{}{}
	rare := uc.seldomLocked()
	rare.rooms = append(rare.rooms, rm)
	if uc.holds == 0 {
		uc.roomHold = true
	}
	return true, nil
}

func (rm *room) remove(uc *UserContext) {
	rm.mu.Lock()
	delete(rm.members, uc)
	rm.endIfEmptyLocked()
	rm.mu.Unlock()
	rm.quit()
}

func (rm *room) endIfEmptyLocked() {
	if len(rm.members) > 0 || rm.gone {
		return
	}
	rm.gone = true
	rm.table.mu.Lock()
	defer rm.table.mu.Unlock()
	if rm.table.rooms[rm.name] == rm {
		delete(rm.table.rooms, rm.name)
	}
}

func (rm *room) list() []*UserContext {
	rm.mu.Lock()
	defer rm.mu.Unlock()
	all := make([]*UserContext, 0, len(rm.members))
	for uc := range rm.members {
		all = append(all, uc)
	}
	return all
}
