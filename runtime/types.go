package runtime

import (
	"strings"
	"sync"
	"sync/atomic"
)

// maxTypes bounds the names that are counted one by one, so that types made from user data can't fill memory.
const maxTypes = 1024

const (
	typeRaw   uint16 = 0
	typeOther uint16 = 1
)

// typeTable gives event types small numbers: a queued frame carries two bytes in place of a string. Reading takes no
// lock, since each emit does it.
type typeTable struct {
	mu  sync.Mutex
	tab atomic.Pointer[typeNames]
}

type typeNames struct {
	index map[string]uint16
	names []string
}

func (t *typeTable) init() {
	t.tab.Store(&typeNames{index: map[string]uint16{}, names: []string{"raw", "other"}})
}

func (t *typeTable) of(name string) uint16 {
	if i, ok := t.tab.Load().index[name]; ok {
		return i
	}
	return t.add(name)
}

func (t *typeTable) add(name string) uint16 {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.tab.Load()
	if i, ok := old.index[name]; ok {
		return i
	}
	if len(old.names) >= maxTypes {
		return typeOther
	}
	name = strings.Clone(name)
	next := &typeNames{index: make(map[string]uint16, len(old.index)+1), names: append(old.names[:len(old.names):len(old.names)], name)}
	for k, v := range old.index {
		next.index[k] = v
	}
	id := uint16(len(old.names))
	next.index[name] = id
	t.tab.Store(next)
	return id
}

func (t *typeTable) names() []string { return t.tab.Load().names }

func (t *typeTable) name(id uint16) string { return t.names()[id] }

// typeTally is one user's count for one type.
type typeTally struct {
	typ uint16
	TypeStats
}

// typeLocked finds the count for a type; emits of one type tend to follow each other, so the last one is looked at first.
func (uc *UserContext) typeLocked(typ uint16) *TypeStats {
	if i := int(uc.lastType); i < len(uc.types) && uc.types[i].typ == typ {
		return &uc.types[i].TypeStats
	}
	for i := range uc.types {
		if uc.types[i].typ == typ {
			uc.lastType = uint16(i)
			return &uc.types[i].TypeStats
		}
	}
	uc.lastType = uint16(len(uc.types))
	uc.types = append(uc.types, typeTally{typ: typ})
	return &uc.types[len(uc.types)-1].TypeStats
}
