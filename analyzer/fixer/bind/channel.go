package bind

import (
	"go/ast"
	"go/types"

	"github.com/wsmig/wsmig/analyzer/fixer/internal/edit"
	"golang.org/x/tools/go/ast/astutil"
)

// ChannelOp is the op of sending on a channel whose receiving loop takes the
// addressee from the value: a field of owner, or a package variable when owner is
// nil. It is nil where the channel's type has no such op.
func ChannelOp(channel *types.Var, owner types.Type, kind Kind, key []KeyPart) *Op {
	ch, ok := types.Unalias(channel.Type()).Underlying().(*types.Chan)
	if !ok || ch.Dir() == types.RecvOnly || channel.Pkg() == nil {
		return nil
	}
	var recv *types.Var
	if owner != nil {
		named, ok := types.Unalias(deref(owner)).(*types.Named)
		if !ok || named.TypeParams().Len() > 0 {
			return nil
		}
		recv = types.NewParam(channel.Pos(), channel.Pkg(), "", owner)
	}
	value := types.NewParam(channel.Pos(), channel.Pkg(), lowerFirst(typeWord(ch.Elem())), ch.Elem())
	if _, slice := ch.Elem().Underlying().(*types.Slice); slice {
		value = types.NewParam(channel.Pos(), channel.Pkg(), "message", ch.Elem())
	}
	sig := types.NewSignatureType(recv, nil, nil, types.NewTuple(value), nil, false)
	return &Op{Func: types.NewFunc(channel.Pos(), channel.Pkg(), channel.Name(), sig), Channel: channel, Kind: kind, Key: key}
}

// Send rewrites a statement that sends on the channel of an op into a call on the
// emitter. The error is a [Refusal].
func Send(f *File, send *ast.SendStmt, e *Emitter, o *Op) (*Rewrite, error) {
	path, _ := astutil.PathEnclosingInterval(f.Syntax, send.Pos(), send.End())
	for i, n := range path {
		if n == ast.Node(send) && i+1 < len(path) {
			if comm, ok := path[i+1].(*ast.CommClause); ok && comm.Comm == ast.Stmt(send) {
				return nil, Refusal("it is one of the cases of a select statement")
			}
		}
	}
	c := &caller{File: f, emitter: e, op: o, out: &Rewrite{}, send: send}
	c.call = &ast.CallExpr{Fun: send.Chan, Args: []ast.Expr{send.Value}, Lparen: send.Arrow, Rparen: send.Value.End() - 1}
	if reason := o.Unsupported(); reason != "" {
		return nil, Refusal(reason)
	}
	if err := c.checkArguments(); err != nil {
		return nil, err
	}
	if err := c.insertEmitter(); err != nil {
		return nil, err
	}
	arrow, value, end := f.offset(send.Chan.End()), f.offset(send.Value.Pos()), f.offset(send.Value.End())
	if o.whole(0) {
		c.out.Edits = append(c.out.Edits, edit.Edit{Start: arrow, End: end, New: "()"})
		return c.out, nil
	}
	c.edit(arrow, value, "(")
	c.edit(end, end, ")")
	return c.out, nil
}
