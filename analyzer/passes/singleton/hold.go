package singleton

import (
	"go/types"

	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// holds is the type of the one value that a generic type of the program keeps: a
// helper that makes singletons of whatever it is given.
func (f *finder) holds(t types.Type) types.Type {
	named := conns.Named(t)
	if named == nil || named.TypeArgs().Len() == 0 || !f.own(named) {
		return nil
	}
	st, ok := structOf(named)
	if !ok {
		return nil
	}
	for field := range st.Fields() {
		for arg := range named.TypeArgs().Types() {
			inner := field.Type()
			if ptr, ok := types.Unalias(inner).(*types.Pointer); ok {
				inner = ptr.Elem()
			}
			if types.Identical(inner, arg) || types.Identical(field.Type(), arg) {
				return field.Type()
			}
		}
	}
	return nil
}
