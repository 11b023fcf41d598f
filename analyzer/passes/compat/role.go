package compat

import (
	"go/types"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/passes/internal/conns"
)

// roles says what the functions and methods of the layer do. The layer is ours,
// so its names are a contract here and no guess.
var roles = map[string]findings.Role{
	"SendToUser":     findings.UserSend,
	"Send":           findings.UserSend,
	"Broadcast":      findings.Broadcast,
	"BroadcastAll":   findings.Broadcast,
	"Connect":        findings.Register,
	"Register":       findings.Register,
	"Attach":         findings.Register,
	"Disconnect":     findings.Unregister,
	"Unregister":     findings.Unregister,
	"CloseAll":       findings.Unregister,
	"Detach":         findings.Unregister,
	"IsConnected":    findings.Query,
	"Connected":      findings.Query,
	"ConnectedUsers": findings.Query,
	"Users":          findings.Query,
	"Use":            findings.Lifecycle,
	"Shutdown":       findings.Lifecycle,
	"Stop":           findings.Lifecycle,
	"GetManager":     findings.Escape,
	"For":            findings.Escape,
	"Factory":        findings.Escape,
}

// tooling is what serves to find and to end the uses, and no use itself.
var tooling = map[string]bool{"Sites": true, "Site": true, "ResetSites": true, "Strict": true}

// isTooling also takes in fields: what holds the value has been reported.
func isTooling(obj types.Object) bool {
	switch obj := obj.(type) {
	case *types.Var:
		return obj.IsField()
	case *types.Func:
		if recv := obj.Signature().Recv(); recv != nil {
			named := conns.Named(recv.Type())
			return named != nil && tooling[named.Obj().Name()]
		}
	}
	return tooling[obj.Name()]
}

var advice = map[findings.Role]string{
	findings.UserSend:        "make an emitter of that user with factory.Emitter and call its Emit",
	findings.Broadcast:       "call factory.Broadcast, which says by its name whom it reaches",
	findings.Register:        "let factory.Serve accept the connection, or serve factory.Handler",
	findings.Unregister:      "a connection that ends releases itself, factory.Revoke ends a user's",
	findings.Query:           "ask factory.Stats or factory.UserStats",
	findings.Lifecycle:       "set up and shut down the factory that is behind it",
	findings.Escape:          "hand out the factory, or an emitter of the one user who is meant",
	findings.RoleDeclaration: "declare a *wsruntime.Factory, or a *wsruntime.Emitter of the one user who is meant",
	findings.Other:           "use the factory that is behind it",
}

// roleOf classifies one use. What is not called but has a role when called, such
// as a method value, escapes.
func roleOf(u use) findings.Role {
	switch u.obj.(type) {
	case *types.TypeName:
		return findings.RoleDeclaration
	case *types.Func:
		if !u.called {
			return findings.Escape
		}
		if role, ok := roles[u.obj.Name()]; ok {
			return role
		}
	}
	return findings.Other
}
