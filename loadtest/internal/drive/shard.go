package drive

import (
	"iter"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// streamIDs is how many streams a run can have, on all machines together.
const streamIDs = tableChunk * tableChunks

// span is the range of stream ids that each process of a run has to itself. The
// upper half of it is for events that are public, split by emitter, so that a
// process that meets another's event knows for whom it was.
func (d *Driver) span() uint32 { return uint32(streamIDs / d.opts.Shard.Count) }

func (d *Driver) newStreamID(s *stream) history.StreamID {
	shard := d.opts.Shard
	if shard == nil {
		return history.StreamID(d.nextID.stream.Add(1))
	}
	base, n := d.span()*uint32(shard.Index), d.span()
	if !s.many {
		return history.StreamID(base + d.nextID.stream.Add(1))
	}
	part := n / 2 / uint32(len(d.program.emitters))
	return history.StreamID(base + n/2 + part*uint32(s.key.emitter) + d.nextID.public.Add(1)%part)
}

// remote tells for whom a stream of another process is; nil where there is no
// other.
func (d *Driver) remote() func(history.StreamID, history.PrincipalID) (history.Audience, bool) {
	if d.opts.Shard == nil {
		return nil
	}
	byWho := map[history.PrincipalID]*person{}
	for _, p := range d.people {
		byWho[p.who] = p
	}
	n, own := d.span(), uint32(d.opts.Shard.Index)
	part := n / 2 / uint32(max(len(d.program.emitters), 1))
	return func(id history.StreamID, owner history.PrincipalID) (history.Audience, bool) {
		at, p := uint32(id)%n, byWho[owner]
		if uint32(id)/n == own || uint32(id) >= n*uint32(d.opts.Shard.Count) || p == nil {
			return history.Audience{}, false
		}
		if at < n/2 {
			return history.Audience{Kind: history.ToPrincipal, Principal: owner}, true
		}
		e := d.program.emitters[min(int((at-n/2)/part), len(d.program.emitters)-1)]
		if e.rooms > 0 {
			return history.Audience{Kind: history.ToRoom, Room: d.roomID(e, p)}, true
		}
		return history.Audience{Kind: history.ToAll}, true
	}
}

// Waves is the plan of a schedule, or this process's part of it.
func (d *Driver) Waves(s *plan.Schedule) iter.Seq[plan.Wave] {
	if shard := d.opts.Shard; shard != nil {
		return s.CellWaves(&d.config, shard.Cells)
	}
	return s.Waves(&d.config)
}

// Planned is the number of events that the plan asked for, so far. It depends on
// the seed and the number of waves alone.
func (d *Driver) Planned() uint64 { return d.planned.Load() }
