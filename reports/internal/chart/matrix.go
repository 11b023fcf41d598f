package chart

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports/internal/digest"
	"github.com/wsmig/wsmig/reports/internal/svg"
)

const (
	matrixSide  = 300.0
	matrixLeft  = 66.0
	matrixTop   = 66.0
	matrixCells = 100 // more users share a cell
	shades      = 5
	tipsAtMost  = 120 // cells with a tip of their own
	gapsAtMost  = 40  // cells in a row that have a gap between them
	pairsListed = 50
)

// Matrices draws owner by receiver for each run, all on one scale, so that a
// leaking server and a clean one can be laid side by side. Users whose ids a
// schedule made up, to collide with others, would crowd out the usual ones: they
// are left to the second row of pictures, all, which is empty when there are none.
func Matrices(runs []*result.Run, titles []string) (usual, all []Figure) {
	names, planned, hidden := users(runs)
	if planned < 2 || planned == len(names) {
		return draw(runs, titles, names, hidden), nil
	}
	return draw(runs, titles, names[:planned], hidden), draw(runs, titles, names, hidden)
}

func draw(runs []*result.Run, titles, names []string, hidden int) []Figure {
	m := &matrix{names: names, index: map[string]int{}, size: 1}
	for i, name := range names {
		m.index[name] = i
	}
	for len(names) > m.size*matrixCells {
		m.size++
	}
	m.cells = (len(names) + m.size - 1) / m.size
	grids := make([]map[[2]int]uint64, len(runs))
	for i, r := range runs {
		grids[i] = m.count(r)
		for _, n := range grids[i] {
			m.top = max(m.top, n)
		}
	}
	figures := make([]Figure, len(runs))
	for i, r := range runs {
		figures[i] = m.figure(r, titles[i], grids[i], hidden)
	}
	return figures
}

type matrix struct {
	names []string
	index map[string]int
	size  int // users in a row or column of cells
	cells int // rows, and columns
	top   uint64
}

func (m *matrix) count(r *result.Run) map[[2]int]uint64 {
	grid := map[[2]int]uint64{}
	for _, c := range r.Matrix {
		owner, known := m.index[c.Owner]
		receiver, alsoKnown := m.index[c.Receiver]
		if known && alsoKnown {
			grid[[2]int{owner / m.size, receiver / m.size}] += c.Count
		}
	}
	return grid
}

func (m *matrix) figure(r *result.Run, title string, grid map[[2]int]uint64, hidden int) Figure {
	f := Figure{Title: title, Table: pairs(r), Note: m.note(r, hidden)}
	if len(m.names) == 0 {
		f.Missing = "The result names no users."
		return f
	}
	c := svg.New(matrixLeft+matrixSide+44, matrixTop+matrixSide+8, "matrix", title+": "+f.Note)
	c.Rect("frame", matrixLeft-1, matrixTop-1, matrixSide+2, matrixSide+2, "")
	m.axes(c)
	c.Scaled(matrixLeft, matrixTop, m.pitch(), func() {
		m.diagonal(c)
		m.foreign(c, grid)
	})
	f.SVG = c.HTML()
	f.Legend = append([]Key{{"own", "own events"}}, m.legend()...)
	return f
}

func (m *matrix) note(r *result.Run, hidden int) string {
	var total, elsewhere uint64
	for _, c := range r.Matrix {
		total += c.Count
		_, known := m.index[c.Owner]
		_, alsoKnown := m.index[c.Receiver]
		if !known || !alsoKnown {
			elsewhere += c.Count
		}
	}
	note := "Nobody received what was meant for somebody else."
	if total > 0 {
		note = fmt.Sprintf("%s outside the audience, between %s.", digest.Plural(total, "receipt"), digest.Plural(uint64(len(r.Matrix)), "pair"))
	}
	if elsewhere > 0 {
		note += fmt.Sprintf(" %s of them concern ids that a schedule made up, and are in the picture below.", digest.Count(elsewhere))
	}
	if m.size > 1 {
		note += fmt.Sprintf(" Each cell stands for %d by %d users.", m.size, m.size)
	}
	if hidden > 0 {
		note += fmt.Sprintf(" %s without a leak are not shown.", digest.Plural(uint64(hidden), "user"))
	}
	return note
}

func (m *matrix) pitch() float64 { return matrixSide / float64(m.cells) }

// box is a cell in units of cells, which keeps coordinates short. A gap is left
// between cells where there is room for one. Where owner and receiver share a
// cell, what is foreign in it sits inside what is own.
func (m *matrix) box(cell [2]int, foreign bool) (x, y, w float64) {
	gap := 0.0
	if m.cells <= gapsAtMost {
		gap = 0.05
	}
	if foreign && cell[0] == cell[1] {
		gap = 0.4
	}
	return float64(cell[1]) + gap/2, float64(cell[0]) + gap/2, 1 - gap
}

func (m *matrix) diagonal(c *svg.Canvas) {
	var d strings.Builder
	for i := range m.cells {
		x, y, w := m.box([2]int{i, i}, false)
		d.WriteString(unitBox(x, y, w))
	}
	c.Path("own", d.String())
}

func (m *matrix) foreign(c *svg.Canvas, grid map[[2]int]uint64) {
	paths := make([]strings.Builder, shades+1)
	for _, cell := range sortedCells(grid) {
		x, y, w := m.box(cell, true)
		level := m.shade(grid[cell])
		if len(grid) <= tipsAtMost {
			c.Mark(fmt.Sprintf("f%d", level), unitBox(x, y, w), fmt.Sprintf("%s to %s: %s", m.label(cell[0]), m.label(cell[1]), digest.Count(grid[cell])))
			continue
		}
		paths[level].WriteString(unitBox(x, y, w))
	}
	for level := range paths {
		c.Path(fmt.Sprintf("f%d", level), paths[level].String())
	}
}

// unitBox is svg.Box with the decimals that a coordinate counted in cells needs.
func unitBox(x, y, w float64) string {
	f := func(v float64) string { return strconv.FormatFloat(math.Round(v*1000)/1000, 'f', -1, 64) }
	return "M" + f(x) + " " + f(y) + "h" + f(w) + "v" + f(w) + "h" + f(-w) + "z"
}

func sortedCells(grid map[[2]int]uint64) [][2]int {
	var cells [][2]int
	for cell := range grid {
		cells = append(cells, cell)
	}
	slices.SortFunc(cells, func(a, b [2]int) int { return slices.Compare(a[:], b[:]) })
	return cells
}

// shade is 1 to shades, logarithmic, since one hot pair would leave all others
// invisible on a linear scale.
func (m *matrix) shade(n uint64) int {
	if m.top <= 1 {
		return 3
	}
	return 1 + int(math.Round(float64(shades-1)*math.Log(float64(n))/math.Log(float64(m.top))))
}

// legend gives the smallest count of each shade that counts up to the top have.
func (m *matrix) legend() []Key {
	if m.top == 0 {
		return nil
	}
	if m.top == 1 {
		return []Key{{fmt.Sprintf("f%d", m.shade(1)), "1 foreign event"}}
	}
	var from []uint64
	for level := 1; level <= shades; level++ {
		n := uint64(max(1, math.Ceil(math.Pow(float64(m.top), (float64(level)-1.5)/(shades-1)))))
		if n <= m.top && (len(from) == 0 || n > from[len(from)-1]) {
			from = append(from, n)
		}
	}
	var keys []Key
	for i, n := range from {
		to := m.top
		if i+1 < len(from) {
			to = from[i+1] - 1
		}
		text := digest.Count(n)
		if to > n {
			text += " to " + digest.Count(to)
		}
		if i == 0 {
			text += " foreign"
		}
		keys = append(keys, Key{fmt.Sprintf("f%d", m.shade(n)), text})
	}
	return keys
}

// label names a row: a user, or the first and last of those who share it.
func (m *matrix) label(i int) string {
	first := user(m.names[i*m.size], 24)
	if m.size == 1 {
		return first
	}
	return first + " - " + user(m.names[min((i+1)*m.size, len(m.names))-1], 24)
}

func (m *matrix) axes(c *svg.Canvas) {
	every := 1
	for m.cells/every > 12 {
		every++
	}
	for i := 0; i < m.cells; i += every {
		name := user(m.names[i*m.size], 8)
		middle := (float64(i) + 0.5) * m.pitch()
		c.Text("tick end", matrixLeft-5, matrixTop+middle+4, name)
		c.Turned("tick", matrixLeft+middle+3, matrixTop-6, -45, name)
	}
	c.Text("axis end", matrixLeft-6, matrixTop-8, "owner ↓")
	c.Text("axis", matrixLeft, 12, "received by →")
}

func pairs(r *result.Run) *Table {
	cells := slices.Clone(r.Matrix)
	slices.SortStableFunc(cells, func(a, b result.Cell) int {
		switch {
		case a.Count > b.Count:
			return -1
		case a.Count < b.Count:
			return 1
		}
		return 0
	})
	t := &Table{Head: []string{"owner", "received by", "receipts"}, Words: 2}
	for i, cell := range cells {
		if i == pairsListed {
			t.Rows = append(t.Rows, []string{"and", digest.Plural(uint64(len(cells)-i), "more pair"), ""})
			break
		}
		t.Rows = append(t.Rows, []string{user(cell.Owner, 60), user(cell.Receiver, 60), digest.Count(cell.Count)})
	}
	if len(cells) == 0 {
		t.Rows = [][]string{{"nobody", "nobody", "0"}}
	}
	return t
}
