package flow

import (
	"bytes"
	"encoding/gob"
	"testing"

	"github.com/stretchr/testify/require"
)

// sampleUnit says something of every kind, some of it twice.
func sampleUnit() *Unit {
	hub := &Value{Op: Global, Name: "example.com/ws.hub", Lib: "gorilla"}
	conns := &Value{Op: Field, Name: "conns", X: hub, Owner: "example.com/ws.Hub.conns"}
	user := Set{{Op: Param, Index: 1}}
	picked := &Value{Op: Elem, X: conns, Keys: user, Lib: "gorilla"}
	write := &Effect{Op: Write, Target: picked, Val: Set{{Op: Param, Index: 2}}, Guards: Set{{Op: In, X: conns, Args: user}}}
	send := &Effect{Op: Send, Name: "example.com/ws.Hub.queue", Target: conns, Val: Set{{Op: Struct, Names: []string{"to", "to"}, Args: Set{user[0], hub}}}, Args: []Set{nil, {}, user}}
	c := newContents()
	c.Funcs["example.com/ws.Send"] = &Summary{Results: []Set{nil, {}, {picked}}, Effects: []*Effect{write, send}, Small: true}
	c.Funcs["example.com/ws.Again"] = &Summary{Effects: []*Effect{write}, Thin: true}
	c.Consumers["example.com/ws.Hub.queue"] = []*Effect{write}
	c.Globals["example.com/ws.alias"] = &GlobalInfo{Alias: Set{hub}}
	c.Fields["example.com/ws.App.hub"] = &FieldInfo{Holds: Set{hub}, Given: true}
	return &Unit{Path: "example.com/ws", Core: true, Locates: []string{"example.com/ws.Hub"}, Groups: []string{"example.com/ws.Hub.rooms"}, Impls: map[string][]string{"a.I": {"b.T"}}, Channels: sortedKeys(c.Consumers), own: c}
}

func encoded(t testing.TB, f *Fact) []byte {
	var b bytes.Buffer
	require.NoError(t, gob.NewEncoder(&b).Encode(f))
	return b.Bytes()
}

func TestFactsTravel(t *testing.T) {
	unit := sampleUnit()
	sent := encoded(t, &Fact{Units: []*Unit{unit}})
	var got Fact
	require.NoError(t, gob.NewDecoder(bytes.NewReader(sent)).Decode(&got))
	require.Equal(t, sent, encoded(t, &got), "what nobody looked at is passed on as it came")
	require.Len(t, got.Units, 1)
	u := got.Units[0]
	require.Equal(t, unit.Path, u.Path)
	require.Equal(t, unit.Core, u.Core)
	require.Equal(t, unit.Locates, u.Locates)
	require.Equal(t, unit.Groups, u.Groups)
	require.Equal(t, unit.Impls, u.Impls)
	require.Equal(t, unit.Channels, u.Channels)
	require.False(t, u.Empty())

	want, have := unit.Contents(), u.Contents()
	for name, s := range want.Funcs {
		o := have.Funcs[name]
		require.Equal(t, []bool{s.Small, s.Thin}, []bool{o.Small, o.Thin})
		require.Len(t, o.Results, len(s.Results))
		for i := range s.Results {
			sameSet(t, s.Results[i], o.Results[i])
		}
		sameEffects(t, s.Effects, o.Effects)
	}
	sameEffects(t, want.Consumers["example.com/ws.Hub.queue"], have.Consumers["example.com/ws.Hub.queue"])
	sameSet(t, want.Globals["example.com/ws.alias"].Alias, have.Globals["example.com/ws.alias"].Alias)
	require.True(t, have.Fields["example.com/ws.App.hub"].Given)
	require.Equal(t, "example.com/ws.Hub.conns", have.Funcs["example.com/ws.Send"].Effects[1].Target.Owner)
	require.Same(t, have.Funcs["example.com/ws.Send"].Effects[0], have.Funcs["example.com/ws.Again"].Effects[0], "what is said twice stands once")
	require.Equal(t, sent, encoded(t, &got))
}

func sameSet(t *testing.T, want, have Set) {
	t.Helper()
	require.Equal(t, want == nil, have == nil, "none is not empty")
	require.Len(t, have, len(want))
	for i := range want {
		require.Equal(t, want[i].ID(), have[i].ID())
	}
}

func sameEffects(t *testing.T, want, have []*Effect) {
	t.Helper()
	require.Len(t, have, len(want))
	for i := range want {
		require.Equal(t, want[i].ID(), have[i].ID())
	}
}

// FuzzUnpack: a damaged fact file says less, and nothing that could be followed into
// nowhere.
func FuzzUnpack(f *testing.F) {
	unit := sampleUnit()
	good, err := pack(&unit.own)
	require.NoError(f, err)
	f.Add(good)
	f.Add([]byte{})
	for _, p := range []packed{
		{Values: []packedValue{{Op: Field, X: 1}, {Op: Elem, X: 9, Keys: 7}}, Sets: [][]uint32{{2, 3}}},
		{Names: []string{"a"}, Funcs: []packedFunc{{Name: 1, Results: []uint32{4}, Effects: []uint32{1, 8}}}, Effects: []packedEffect{{Op: Write}}},
		{Values: []packedValue{{Op: Struct, Names: []uint32{1}, Args: 1}}, Sets: [][]uint32{{1}}},
	} {
		var b bytes.Buffer
		require.NoError(f, gob.NewEncoder(&b).Encode(&p))
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := unpack(data)
		for _, s := range c.Funcs {
			for _, r := range s.Results {
				field(r, "x", "")
				elem(r, nil, "", nil)
			}
			for _, e := range s.Effects {
				e.Values(func(v *Value) { _ = v.ID() })
				exportEffect(e)
			}
			rebase(s, Set{{Op: Param}}, 2)
		}
		if _, err := pack(&c); err != nil {
			t.Fatal(err)
		}
	})
}
