package history

import (
	"bytes"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

const (
	evidenceDefault = 50
	evidencePair    = 4     // of one code between the same two users
	maxCells        = 65536 // pairs that are told apart; the rest is summed
	frameKept       = 512   // bytes of a frame that evidence keeps around the find
	aroundBefore    = 50 * time.Millisecond
)

// Evidence is one anomaly that was kept with its context. Field is the canary's;
// Via is the connection that asked for the emission, 0 if it was none.
type Evidence struct {
	Code     Code
	Owner    PrincipalID // 0 when the mark could not be read
	Receiver PrincipalID // who was bound to Conn, 0 for nobody
	Conn     ConnID
	Via      ConnID
	Stream   StreamID
	Seq      uint64
	Field    uint8
	Wire     Wire
	At       time.Duration
	Emitted  time.Duration // 0 when unknown
	Bound    time.Duration // since when Receiver was bound to Conn
	Phase    string
	Note     string
	Frame    []byte // at most 512 bytes around the find
	FrameLen int    // of the whole frame
	Around   []Step // what the connections involved did in the 50 ms before

	from, to int
}

// Cell counts receipts of one owner's events by one receiver who was not meant.
type Cell struct {
	Owner, Receiver PrincipalID
	Count           uint64
}

type pair struct{ owner, receiver PrincipalID }

type pairCode struct {
	pair
	code Code
}

// evidence is a bounded store: some of each code, few of each pair of users, so
// that one loud pair can't hide the others.
type evidence struct {
	limit int
	full  [numCodes]atomic.Bool

	mu    sync.Mutex
	kept  []Evidence
	each  [numCodes]int
	pairs map[pairCode]int
	cells map[pair]uint64
	rest  uint64
}

func (v *evidence) init(limit int) {
	v.limit = limit
	if limit == 0 {
		v.limit = evidenceDefault
	}
	v.pairs, v.cells = map[pairCode]int{}, map[pair]uint64{}
}

// wants reports whether there may be room for one more of this code when pending
// others are about to be added.
func (v *evidence) wants(code Code, pending int) bool {
	return pending < v.limit && !v.full[code].Load()
}

// room is wants for one pair of users.
func (v *evidence) room(code Code, owner, receiver PrincipalID) bool {
	if v.full[code].Load() {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pairs[pairCode{pair{owner, receiver}, code}] < evidencePair
}

func (v *evidence) add(e Evidence) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := pairCode{pair{e.Owner, e.Receiver}, e.Code}
	if v.each[e.Code] >= v.limit || v.pairs[key] >= evidencePair {
		return
	}
	v.pairs[key]++
	v.each[e.Code]++
	if v.each[e.Code] == v.limit {
		v.full[e.Code].Store(true)
	}
	v.kept = append(v.kept, e)
}

func (v *evidence) leak(owner, receiver PrincipalID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := pair{owner, receiver}
	if _, ok := v.cells[p]; !ok && len(v.cells) >= maxCells {
		v.rest++
		return
	}
	v.cells[p]++
}

func (v *evidence) snapshot() (kept []Evidence, cells []Cell) {
	v.mu.Lock()
	defer v.mu.Unlock()
	kept = append(kept, v.kept...)
	sort.SliceStable(kept, func(i, j int) bool {
		if kept[i].Code != kept[j].Code {
			return kept[i].Code < kept[j].Code
		}
		return kept[i].At < kept[j].At
	})
	for p, n := range v.cells {
		cells = append(cells, Cell{p.owner, p.receiver, n})
	}
	sort.Slice(cells, func(i, j int) bool {
		if cells[i].Owner != cells[j].Owner {
			return cells[i].Owner < cells[j].Owner
		}
		return cells[i].Receiver < cells[j].Receiver
	})
	return kept, cells
}

// witness completes an anomaly with what happened around it and keeps it. No
// connection and no stream may be locked.
func (c *Checker) witness(e Evidence) {
	if !c.evidence.room(e.Code, e.Owner, e.Receiver) {
		return
	}
	e.Phase = c.phase.Load().name
	since := e.At - aroundBefore
	seen := map[ConnID]bool{0: true}
	look := func(id ConnID) {
		if k := c.conns.get(uint32(id)); k != nil && !seen[id] {
			e.Around = append(e.Around, k.recent(since)...)
		}
		seen[id] = true
	}
	look(e.Conn)
	look(e.Via)
	for _, id := range c.connsOf(e.Owner) {
		look(id)
	}
	sort.SliceStable(e.Around, func(i, j int) bool { return e.Around[i].At < e.Around[j].At })
	c.evidence.add(e)
}

// connsOf lists some connections of a user.
func (c *Checker) connsOf(p PrincipalID) []ConnID {
	if p == 0 || int(p) >= len(c.principals) {
		return nil
	}
	var ids []ConnID
	for i := range c.principals[p].recent {
		if id := c.principals[p].recent[i].Load(); id != 0 {
			ids = append(ids, ConnID(id))
		}
	}
	return ids
}

// clip copies the part of a frame around from..to.
func clip(frame []byte, from, to int) []byte {
	if len(frame) <= frameKept {
		return bytes.Clone(frame)
	}
	mid := (from + to) / 2
	lo := min(max(0, mid-frameKept/2), len(frame)-frameKept)
	return bytes.Clone(frame[lo : lo+frameKept])
}
