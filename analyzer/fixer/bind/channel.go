package bind

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

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

// CaseOp is the op of sending on the same channel as o in a case of a select
// statement: which of the cases is taken is for the statement to decide, so the
// emitter has no part in it but to make the value. It is nil where the addressee
// lies too deep in the value for that.
func CaseOp(o *Op) *Op {
	if o == nil || len(o.Key) != 1 || strings.Contains(o.Key[0].Path, ".") {
		return nil
	}
	value := o.Func.Signature().Params()
	if o.whole(0) {
		value = types.NewTuple(value.At(0))
	}
	sig := types.NewSignatureType(o.Func.Signature().Recv(), nil, nil, value, types.NewTuple(types.NewParam(o.Func.Pos(), o.Func.Pkg(), "", o.Func.Signature().Params().At(0).Type())), false)
	fn := types.NewFunc(o.Func.Pos(), o.Func.Pkg(), "For"+exported(o.Channel.Name()), sig)
	return &Op{Func: fn, Channel: o.Channel, Case: true, Kind: o.Kind, Key: o.Key, Ungated: true}
}

// InSelect reports whether a send is a case of a select statement.
func InSelect(file *ast.File, send *ast.SendStmt) bool {
	path, _ := astutil.PathEnclosingInterval(file, send.Pos(), send.End())
	i := slices.Index(path, ast.Node(send))
	if i < 0 || i+1 >= len(path) {
		return false
	}
	comm, ok := path[i+1].(*ast.CommClause)
	return ok && comm.Comm == ast.Stmt(send)
}

// sendCase has the emitter make the value of a case that sends.
func (c *caller) sendCase() error {
	value := c.send.Value
	if c.acts(value) {
		return Refusal("it is one of the cases of a select statement, and its value is computed there")
	}
	key, err := c.keyText()
	if err != nil {
		return err
	}
	made, err := c.besideChannel(c.emitter.For + "(" + key + ")")
	if err != nil {
		return err
	}
	start, end := c.offset(value.Pos()), c.offset(value.End())
	made += "." + c.emitter.Method(c.op) + "("
	if c.op.whole(0) {
		c.edit(start, end, made+")")
		return nil
	}
	c.edit(start, start, made)
	c.edit(end, end, ")")
	return nil
}

// besideChannel spells an emitter of the manager whose channel is sent on.
func (c *caller) besideChannel(made string) (string, error) {
	sel, ok := ast.Unparen(c.send.Chan).(*ast.SelectorExpr)
	switch {
	case !ok:
		return made, nil
	case c.isPackage(sel.X):
		return c.text(sel.X) + "." + made, nil
	}
	if start, end, ok := c.accessor(sel.X); ok {
		return string(c.Src[c.offset(sel.X.Pos()):start]) + made + string(c.Src[end:c.offset(sel.X.End())]), nil
	}
	if c.emitter.byInterface() || c.acts(sel.X) {
		return "", Refusal("it is one of the cases of a select statement, whose manager is looked up there")
	}
	return c.text(sel.X) + "." + made, nil
}

// caseValue writes the method that makes the value of such a case.
func (w *writer) caseValue(o *Op, name string) {
	what := o.Channel.Name()
	if recv, ok := types.Unalias(deref(orNil(o.receiver()))).(*types.Named); ok {
		what = recv.Obj().Name() + "." + what
	}
	typ, own := w.typeText(o.Func.Signature().Params().At(0).Type()), w.e.keyPart(w.recv, 0)
	w.comment("%s returns what to send on [%s], in a case of a select statement, so that it goes to the emitter's %s.", name, what, w.e.Kind.noun())
	if o.whole(0) {
		w.printf("func (%s %s) %s() %s {\nreturn %s\n}\n\n", w.recv, w.typ(), name, typ, own)
		return
	}
	params, args := w.e.params(w.source, o, w.recv)
	field := args[0] + "." + o.Key[0].Path
	w.printf("func (%s %s) %s(%s) %s {\n", w.recv, w.typ(), name, joinParams(params), typ)
	if _, shared := o.Func.Signature().Params().At(0).Type().Underlying().(*types.Pointer); shared {
		avoid := w.e.avoid(o, w.recv)
		avoid[args[0]] = true
		held := fresh("held", avoid)
		w.printf("if %s != %s {\n%s := *%s\n%s.%s = %s\nreturn &%s\n}\n", field, own, held, args[0], held, o.Key[0].Path, own, held)
	} else {
		w.printf("%s = %s\n", field, own)
	}
	w.printf("return %s\n}\n\n", args[0])
}

// Send rewrites a statement that sends on the channel of an op into a call on the
// emitter. The error is a [Refusal].
func Send(f *File, send *ast.SendStmt, e *Emitter, o *Op) (*Rewrite, error) {
	c := &caller{File: f, emitter: e, op: o, out: &Rewrite{}, send: send}
	c.call = &ast.CallExpr{Fun: send.Chan, Args: []ast.Expr{send.Value}, Lparen: send.Arrow, Rparen: send.Value.End() - 1}
	if reason := o.Unsupported(); reason != "" {
		return nil, Refusal(reason)
	}
	switch {
	case o.Case:
		if err := c.sendCase(); err != nil {
			return nil, err
		}
		return c.out, nil
	case InSelect(f.Syntax, send):
		return nil, Refusal("it is one of the cases of a select statement")
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
