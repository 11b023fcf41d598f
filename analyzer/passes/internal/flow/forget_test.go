package flow

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

type imports map[string]*types.Package

func (i imports) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %s", path)
}

// typed is one package of source text over the imports, which it joins.
func (i imports) typed(t *testing.T, fset *token.FileSet, path, text string) (*types.Package, *types.Info, *ast.File) {
	t.Helper()
	file, err := parser.ParseFile(fset, path+"/x.go", text, 0)
	require.NoError(t, err)
	info := &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Implicits: map[ast.Node]types.Object{}, Scopes: map[ast.Node]*types.Scope{},
	}
	pkg, err := (&types.Config{Importer: i}).Check(path, fset, []*ast.File{file}, info)
	require.NoError(t, err)
	i[path] = pkg
	return pkg, info, file
}

func TestWhatWasForgottenIsReadAgain(t *testing.T) {
	fset, known := token.NewFileSet(), imports{}
	known.typed(t, fset, "github.com/gorilla/websocket", "package websocket\n\ntype Conn struct{}\n\nfunc (*Conn) WriteMessage(int, []byte) error { return nil }\n")
	pkg, info, file := known.typed(t, fset, "example.com/ws", `package ws

import "github.com/gorilla/websocket"

var conns = map[string]*websocket.Conn{}

func of(user string) *websocket.Conn { return conns[user] }

func Send(user string, b []byte) {
	if c := of(user); c != nil {
		c.WriteMessage(1, b)
	}
}
`)
	p := NewPackage(fset, []*ast.File{file}, pkg, info, conns.New("example.com", false, nil), NewWorld())
	unit := p.Unit()
	send, _ := pkg.Scope().Lookup("Send").(*types.Func)
	before, summary := p.Body(send), p.FuncSummary(send)
	require.NotEmpty(t, before)
	node := before[0].node

	p.Forget()
	require.Empty(t, p.memo)
	require.Empty(t, p.EffectsAt(node))
	require.Same(t, unit, p.Unit())
	require.Same(t, summary, p.FuncSummary(send))
	sameEffects(t, before, p.Body(send))
	require.NotEmpty(t, p.EffectsAt(node))
}
