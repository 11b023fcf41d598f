package chart

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/svg"
)

// The lanes of a sequence diagram: the owner, the server, the receiver.
const (
	seqWidth    = 474.0
	laneOwner   = 118.0
	laneServer  = 266.0
	laneOther   = 414.0
	seqTop      = 46.0
	seqRow      = 30.0
	stepsAtMost = 10
)

// Sequence draws what happened around one piece of evidence, time downward and
// not to scale: who asked for the event, who got it, and who did not.
func Sequence(e *result.Evidence) Figure {
	s := &sequence{e: e, alone: e.Receiver == "" || e.Receiver == e.Owner}
	steps := s.steps()
	label := fmt.Sprintf("Sequence of %d steps: %s", len(steps), e.Prose)
	height := seqTop + seqRow*float64(len(steps)+1)
	if s.neverArrived(steps) {
		height += seqRow
	}
	c := svg.New(seqWidth, height, "sequence", label)
	s.c = c
	s.heads(height)
	for i, step := range steps {
		s.draw(step, seqTop+seqRow*float64(i+1))
	}
	if s.neverArrived(steps) {
		s.absent(seqTop + seqRow*float64(len(steps)+1))
	}
	return Figure{SVG: c.HTML(), Table: s.table(steps)}
}

type sequence struct {
	e     *result.Evidence
	alone bool // owner and receiver are one
	c     *svg.Canvas
}

// steps takes those that belong to the event, then those nearest to the receipt.
// Without any, the emission and the receipt themselves tell the story.
func (s *sequence) steps() []result.Step {
	e := s.e
	var steps []result.Step
	for _, step := range e.Around {
		if s.lane(step) != 0 {
			steps = append(steps, step)
		}
	}
	if len(steps) == 0 && e.Code != "D0" {
		steps = append(steps, result.Step{AtMS: e.AtMS, Kind: "recv", User: e.Receiver, Connection: e.Connection, Owner: e.Owner})
	}
	if e.EmittedMS > 0 && !slices.ContainsFunc(steps, s.isEmission) {
		steps = append(steps, result.Step{AtMS: e.EmittedMS, Kind: emitted, Owner: e.Owner})
	}
	if len(steps) > stepsAtMost {
		slices.SortStableFunc(steps, func(a, b result.Step) int {
			return cmp.Or(cmp.Compare(s.rank(a), s.rank(b)), cmp.Compare(math.Abs(a.AtMS-e.AtMS), math.Abs(b.AtMS-e.AtMS)))
		})
		steps = steps[:stepsAtMost]
	}
	slices.SortStableFunc(steps, func(a, b result.Step) int { return cmp.Compare(a.AtMS, b.AtMS) })
	return steps
}

// emitted is the kind of an emission that used no connection of the two, such as
// a request over HTTP.
const emitted = "emitted"

func (s *sequence) isEmission(step result.Step) bool {
	return step.Kind == "emit" && step.Owner == s.e.Owner && math.Abs(step.AtMS-s.e.EmittedMS) < 0.005
}

// rank is how much a step belongs to the story.
func (s *sequence) rank(step result.Step) int {
	switch {
	case s.isHit(step), s.isEmission(step), step.Kind == emitted:
		return 0
	case step.Kind != "emit" && step.Kind != "recv":
		return 1
	case step.Owner == s.e.Owner, isForeign(step):
		return 2
	}
	return 3
}

func (s *sequence) isHit(step result.Step) bool {
	return step.Kind == "recv" && s.e.Code != "D0" && math.Abs(step.AtMS-s.e.AtMS) < 0.005 && (s.alone || step.Owner != step.User || digest.CodeOf(s.e.Code).Name == s.e.Code)
}

// lane is where a step belongs, or 0 for a third party's.
func (s *sequence) lane(step result.Step) float64 {
	switch {
	case step.Kind == "fence", step.Kind == emitted:
		return laneServer
	case !s.alone && (step.Connection == s.e.Connection && step.Connection != "" || step.User == s.e.Receiver):
		return laneOther
	case step.User == s.e.Owner || step.Owner == s.e.Owner:
		return laneOwner
	case s.alone && step.Connection == s.e.Connection:
		return laneOwner
	}
	return 0
}

func (s *sequence) heads(height float64) {
	s.head(laneOwner, user(s.e.Owner, 14), s.connectionOf(laneOwner), height)
	s.head(laneServer, "server", "", height)
	if !s.alone {
		s.head(laneOther, user(s.e.Receiver, 14), short(s.e.Connection, 14), height)
	}
}

func (s *sequence) connectionOf(lane float64) string {
	for _, step := range s.e.Around {
		if s.lane(step) == lane && step.Connection != "" {
			return short(step.Connection, 14)
		}
	}
	if s.alone {
		return short(s.e.Connection, 14)
	}
	return ""
}

func (s *sequence) head(x float64, name, connection string, height float64) {
	s.c.Line("life", x, 44, x, height-4)
	s.c.Rect("head", x-56, 6, 112, 36, "")
	if connection == "" {
		s.c.Text("name mid", x, 29, name)
		return
	}
	s.c.Text("name mid", x, 21, name)
	s.c.Text("tick mid", x, 36, connection)
}

func (s *sequence) draw(step result.Step, y float64) {
	s.c.Text("tick end", 56, y+4, s.clock(step))
	x := s.lane(step)
	switch {
	case step.Kind == "emit":
		s.arrow("ln own", x, laneServer, y, "emit "+event(step))
	case step.Kind == "recv" && s.isHit(step):
		s.arrow("ln bad strong", laneServer, x, y, "receives "+event(step))
	case isForeign(step):
		s.arrow("ln bad", laneServer, x, y, "receives "+event(step))
	case step.Kind == "recv":
		s.arrow("ln own", laneServer, x, y, received(step))
	default:
		s.c.Path("node", dot(x, y, 4))
		s.note(x, y, word(step))
	}
}

// clock counts from the emission of the event in question.
func (s *sequence) clock(step result.Step) string {
	since := s.e.EmittedMS
	if since == 0 {
		since = s.e.AtMS
	}
	return fmt.Sprintf("%+.2f ms", step.AtMS-since)
}

func event(step result.Step) string {
	if step.Seq > 0 {
		return fmt.Sprintf("#%d for %s", step.Seq, user(step.Owner, 9))
	}
	return "for " + user(step.Owner, 14)
}

// received tells marked events from frames that carry none, such as a greeting.
func received(step result.Step) string {
	if step.Owner == "" && step.Seq == 0 {
		return "receives a frame"
	}
	return "receives " + event(step)
}

func word(step result.Step) string {
	switch step.Kind {
	case "bind":
		return "bound to " + user(step.User, 12)
	case emitted:
		return "emitted for " + user(step.Owner, 12)
	case "unbind":
		return "logged out"
	case "login":
		return "logs in"
	case "revoke":
		return "is revoked"
	case "join", "leave":
		return step.Kind + "s a room"
	case "open":
		return "opens " + short(step.Connection, 10)
	case "close":
		return "closes " + short(step.Connection, 10)
	}
	return short(step.Kind, 16)
}

// note stands on the inner side of the outer lanes, where there is room.
func (s *sequence) note(x, y float64, text string) {
	if x == laneOther {
		s.c.Text("note end", x-10, y+4, text)
		return
	}
	s.c.Text("note", x+10, y+4, text)
}

func (s *sequence) arrow(class string, from, to, y float64, label string) {
	head, back := 8.0, 4.5
	if to < from {
		head = -head
	}
	s.c.Line(class, from, y, to, y)
	s.c.Path(class+" tip", "M"+svg.Num(to)+" "+svg.Num(y)+"l"+svg.Num(-head)+" "+svg.Num(-back)+"v"+svg.Num(2*back)+"z")
	s.c.Text("note mid", (from+to)/2, y-6, label)
}

// neverArrived reports whether the owner should have had the event and no step
// shows that he got it.
func (s *sequence) neverArrived(steps []result.Step) bool {
	if s.e.Code == "D0" {
		return true
	}
	if s.alone || s.e.Code != "X0" {
		return false
	}
	return !slices.ContainsFunc(steps, func(step result.Step) bool {
		return step.Kind == "recv" && step.User == s.e.Owner && step.AtMS >= s.e.EmittedMS && step.Owner == s.e.Owner
	})
}

func (s *sequence) absent(y float64) {
	s.c.Line("ln absent", laneServer, y, laneOwner+12, y)
	s.c.Path("ln bad", "M"+svg.Num(laneOwner+3)+" "+svg.Num(y-5)+"l10 10m0 -10l-10 10")
	s.c.Text("note mid", (laneServer+laneOwner)/2, y-6, "not seen")
}

func (s *sequence) table(steps []result.Step) *Table {
	t := &Table{Head: []string{"time", "who", "connection", "what"}, Words: 4}
	for _, step := range steps {
		what := word(step)
		switch step.Kind {
		case "emit":
			what = "emits " + event(step)
		case "recv":
			what = received(step)
		}
		t.Rows = append(t.Rows, []string{s.clock(step), step.User, step.Connection, what})
	}
	return t
}
