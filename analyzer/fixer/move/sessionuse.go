package move

import (
	"go/ast"
	"go/types"
	"strings"
)

// sessionMethods are the methods of a Session that the generated type has; the others
// have no counterpart.
var sessionMethods = map[string]bool{
	"Write": true, "WriteBinary": true, "Close": true, "IsClosed": true, "Set": true, "Get": true, "MustGet": true, "UnSet": true, "RemoteAddr": true,
}

// melodyMethods are those of a Melody.
var melodyMethods = map[string]bool{
	"HandleConnect": true, "HandleDisconnect": true, "HandleMessage": true, "HandleMessageBinary": true,
	"Broadcast": true, "BroadcastBinary": true, "BroadcastFilter": true, "BroadcastBinaryFilter": true,
	"BroadcastOthers": true, "BroadcastBinaryOthers": true, "BroadcastMultiple": true, "Len": true, "Close": true, "IsClosed": true, "Sessions": true,
}

// sessionNames goes through everything of melody that a file names.
func (m *mover) sessionNames(s *source) {
	if !mentionsMelody(s) {
		return
	}
	if !m.Writable(s.path) {
		m.obstacle(s.syntax.Name, "melody is used in a file that can't be edited")
		return
	}
	handled := map[ast.Node]bool{}
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		if m.removed[n] {
			return false
		}
		switch n := n.(type) {
		case *ast.StarExpr:
			if sel, ok := n.X.(*ast.SelectorExpr); ok && s.pkg.Info.Types[n].IsType() && m.generatedName(s, sel) != "" {
				handled[sel] = true
				m.replace(s, sel.Pos(), sel.End(), m.qualified(s)+m.generatedName(s, sel))
			}
		case *ast.AssignStmt:
			m.configured(s, n, handled)
		case *ast.SelectorExpr:
			if !handled[n] {
				m.melodyName(s, n)
			}
		}
		return true
	})
}

func mentionsMelody(s *source) bool {
	if usesMelody(s) {
		return true
	}
	for _, tv := range s.pkg.Info.Types {
		if name := melodyType(tv.Type); name == "Melody" || name == "Session" {
			found := false
			ast.Inspect(s.syntax, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && melodyType(s.pkg.Info.TypeOf(sel.X)) != "" {
					found = true
				}
				return !found
			})
			return found
		}
	}
	return false
}

// generatedName is the type that stands where melody's was.
func (m *mover) generatedName(s *source, sel *ast.SelectorExpr) string {
	typ, ok := s.pkg.Info.Uses[sel.Sel].(*types.TypeName)
	if !ok {
		return ""
	}
	return m.result.File.names[map[string]string{"Melody": "Sessions", "Session": "Session"}[melodyType(typ.Type())]]
}

// melodyName handles a method, field, function or type of melody.
func (m *mover) melodyName(s *source, sel *ast.SelectorExpr) {
	name := sel.Sel.Name
	switch melodyType(s.pkg.Info.TypeOf(sel.X)) {
	case "Melody":
		switch _, method := s.pkg.Info.Uses[sel.Sel].(*types.Func); {
		case name == "HandleRequest", name == "HandleRequestWithKeys":
			if call, ok := s.parent(sel).(*ast.CallExpr); !ok || call.Fun != ast.Expr(sel) {
				m.obstacle(sel, "%s is used as a value", name)
			}
		case !method || !melodyMethods[name]:
			m.obstacle(sel, "the runtime has nothing like %s of melody", name)
		case m.addressed(s, sel):
		default:
			m.result.File.method(name)
		}
		return
	case "Session":
		switch _, method := s.pkg.Info.Uses[sel.Sel].(*types.Func); {
		case method && sessionMethods[name]:
			m.result.File.need("session." + name)
		case method, name != "Keys" && name != "Request":
			m.obstacle(sel, "the runtime has nothing like %s of a session", name)
		}
		return
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok {
		return
	}
	if name, ok := s.pkg.Info.Uses[pkg].(*types.PkgName); !ok || !strings.Contains(name.Imported().Path(), "olahol/melody") {
		return
	}
	if call, ok := s.parent(sel).(*ast.CallExpr); ok && name == "New" && len(call.Args) == 0 {
		m.replace(s, sel.Pos(), sel.End(), m.qualified(s)+m.result.File.need("newSessions"))
		return
	}
	m.obstacle(sel, "the runtime has nothing like melody.%s", name)
}

// addressed reports whether a filter has become a send to one user.
func (m *mover) addressed(s *source, sel *ast.SelectorExpr) bool {
	for _, send := range m.melody.sends {
		if send.call.Fun == ast.Expr(sel) {
			return true
		}
	}
	return false
}

// configured takes what is assigned to the Melody's settings: bounds become those of
// the factory, and what the runtime sees to itself goes.
func (m *mover) configured(s *source, assign *ast.AssignStmt, handled map[ast.Node]bool) {
	if len(assign.Lhs) != 1 {
		return
	}
	field, ok := assign.Lhs[0].(*ast.SelectorExpr)
	if !ok {
		return
	}
	of, ok := field.X.(*ast.SelectorExpr)
	if !ok || melodyType(s.pkg.Info.TypeOf(of.X)) != "Melody" {
		return
	}
	handled[of] = true
	f := m.result.File
	switch of.Sel.Name + "." + field.Sel.Name {
	case "Upgrader.CheckOrigin":
		f.origins = true
		m.replace(s, of.X.End(), of.End(), "")
	case "Upgrader.ReadBufferSize", "Upgrader.WriteBufferSize", "Upgrader.HandshakeTimeout", "Config.WriteWait", "Config.PongWait", "Config.PingPeriod":
		m.remove(s, assign)
	case "Config.MaxMessageSize", "Config.MessageBufferSize":
		value := s.pkg.Info.Types[assign.Rhs[0]].Value
		if value == nil {
			m.obstacle(assign, "%s is no constant", field.Sel.Name)
			return
		}
		f.bounds[field.Sel.Name] = value.ExactString()
		m.remove(s, assign)
	default:
		m.obstacle(assign, "the Melody sets %s.%s", of.Sel.Name, field.Sel.Name)
	}
}
