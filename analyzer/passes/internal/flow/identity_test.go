package flow

import (
	"go/ast"
	"testing"

	"github.com/stretchr/testify/require"
)

// different are values that must not be taken for one another.
func different() []*Value {
	p := &Value{Op: Param}
	return []*Value{
		p, {Op: Param, Index: 1}, {Op: Global}, {Op: Global, Name: "a"}, {Op: Global, Lib: "a"},
		{Op: Field, Name: "a", X: p}, {Op: Field, Name: "b", X: p}, {Op: Field, Name: "a", X: &Value{Op: Param, Index: 1}},
		{Op: Elem, X: p}, {Op: Elem, X: p, Keys: Set{}}, {Op: Elem, X: p, Keys: Set{p}}, {Op: Elem, X: p, Args: Set{p}},
		{Op: Elem, X: p, Keys: Set{p}, at: &ast.Ident{NamePos: 7}}, {Op: Elem, X: p, Keys: Set{p}, at: &ast.Ident{NamePos: 8}},
		{Op: Struct, Names: []string{"a", "b"}, Args: Set{p, p}}, {Op: Struct, Names: []string{"b", "a"}, Args: Set{p, p}},
		{Op: Derived, Args: Set{p, p}}, {Op: Derived, Args: Set{p}},
	}
}

func TestIdentityTellsValuesApart(t *testing.T) {
	once, again := different(), different()
	for i, v := range once {
		for j, o := range again {
			require.Equal(t, i == j, v.ID() == o.ID(), "%d and %d: %+v, %+v", i, j, v, o)
		}
	}
}

func TestAChangedCopyIsAnotherValue(t *testing.T) {
	v := &Value{Op: Field, Name: "a", X: &Value{Op: Param}}
	before := v.ID()
	c := v.clone()
	require.Equal(t, before, c.ID())
	c = v.clone()
	c.Name = "b"
	require.NotEqual(t, before, c.ID())
	require.Equal(t, before, v.ID())
}

func TestTraitsAreThoseOfTheWholeTree(t *testing.T) {
	param, global := &Value{Op: Param}, &Value{Op: Global, Name: "a"}
	for _, c := range []struct {
		v           *Value
		open, local bool
		nodes       int
	}{
		{v: global, nodes: 1},
		{v: param, open: true, nodes: 1},
		{v: &Value{Op: Msg, X: global}, nodes: 2},
		{v: &Value{Op: Msg, X: global, Name: "a"}, open: true, nodes: 2},
		{v: &Value{Op: Elem, X: global, Keys: Set{param}}, open: true, nodes: 3},
		{v: &Value{Op: Derived, Args: Set{{Op: Closure}, global}}, local: true, nodes: 3},
		{v: &Value{Op: Elem, X: param, at: &ast.Ident{}}, open: true, local: true, nodes: 2},
	} {
		got := c.v.look()
		require.Equal(t, []any{c.open, c.local, c.nodes}, []any{got.open, got.local, got.nodes}, "%+v", c.v)
	}
}

func TestJoin(t *testing.T) {
	a, b, c := &Value{Op: Global, Name: "a"}, &Value{Op: Global, Name: "b"}, &Value{Op: Global, Name: "c"}
	twin := a.clone()
	require.Nil(t, Join())
	require.Nil(t, Join(nil, Set{}))
	require.Equal(t, Set{a, b}, Join(Set{a, b}, nil))
	require.Equal(t, Set{a, b}, Join(Set{a, b, twin}))
	require.Equal(t, Set{a, b, c}, Join(Set{a}, Set{twin, b}, Set{c, a}))
	var many Set
	for i := range 2 * maxSet {
		many = append(many, &Value{Op: Param, Index: i})
	}
	require.Len(t, Join(many), maxSet)
	require.Len(t, Join(many[:4], many[4:]), maxSet)

	given := append(make(Set, 0, 4), a)
	joined := Join(given)
	_ = append(given, b)
	require.Equal(t, Set{a, c}, append(joined, c), "what is joined may be added to without a word to whoever else holds it")
	require.Equal(t, b, given[:2][1])
}

// TestBindingKeepsWhatItNeedNotTouch: a value without parameters is the same one
// afterwards, and the same question has the same answer.
func TestBindingKeepsWhatItNeedNotTouch(t *testing.T) {
	closed := &Value{Op: Field, Name: "conns", X: &Value{Op: Global, Name: "hub"}}
	open := &Value{Op: Elem, X: closed, Keys: Set{{Op: Param, Index: 1}}}
	b := &binding{params: []Set{nil, {{Op: Const}, {Op: Global, Name: "user"}}}}
	require.Same(t, closed, b.value(closed)[0])
	first := b.value(open)
	require.Len(t, first, 1)
	require.Len(t, first[0].Keys, 2)
	require.Same(t, closed, first[0].X)
	twin := open.clone()
	require.Same(t, first[0], b.value(twin)[0])
}
