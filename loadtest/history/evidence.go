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
	evidencePhase   = 4     // of one code that each schedule may add to what others left
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

type phaseCode struct {
	phase string
	code  Code
}

// evidence is a bounded store: some of each code, few of each pair of users and a
// few of each schedule, so that one loud pair can't hide the others, nor the first
// schedule what later ones show.
type evidence struct {
	limit int
	full  [numCodes]atomic.Bool // of the running phase

	mu     sync.Mutex
	kept   []Evidence
	each   [numCodes]int
	pairs  map[pairCode]int
	phases map[phaseCode]int
	cells  map[pair]uint64
	rest   uint64
}

func (v *evidence) init(limit int) {
	v.limit = limit
	if limit == 0 {
		v.limit = evidenceDefault
	}
	v.pairs, v.phases, v.cells = map[pairCode]int{}, map[phaseCode]int{}, map[pair]uint64{}
}

// enter makes room for what a phase may add.
func (v *evidence) enter(phase string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for code := range v.full {
		v.full[code].Store(v.each[code] >= v.limit && !v.fresh(phase, Code(code)))
	}
}

// fresh reports whether a phase has shown less of a code than is its due.
func (v *evidence) fresh(phase string, code Code) bool {
	return v.phases[phaseCode{phase, code}] < min(evidencePhase, v.limit)
}

// wants reports whether there may be room for one more of this code when pending
// others are about to be added.
func (v *evidence) wants(code Code, pending int) bool {
	return pending < v.limit && !v.full[code].Load()
}

// room is wants for one pair of users.
func (v *evidence) room(phase string, code Code, owner, receiver PrincipalID) bool {
	if v.full[code].Load() {
		return false
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.pairs[pairCode{pair{owner, receiver}, code}] < evidencePair || v.fresh(phase, code)
}

func (v *evidence) add(e Evidence) {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := pairCode{pair{e.Owner, e.Receiver}, e.Code}
	if (v.each[e.Code] >= v.limit || v.pairs[key] >= evidencePair) && !v.fresh(e.Phase, e.Code) {
		return
	}
	v.pairs[key]++
	v.each[e.Code]++
	v.phases[phaseCode{e.Phase, e.Code}]++
	if v.each[e.Code] >= v.limit && !v.fresh(e.Phase, e.Code) {
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
	e.Phase = c.phase.Load().name
	if !c.evidence.room(e.Phase, e.Code, e.Owner, e.Receiver) {
		return
	}
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
