package sample

import (
	"fmt"
	"math/rand/v2"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/analyzer/ledger"
)

const app = "example.com/app"

type place struct{ pkg, file, function string }

var places = []place{
	{app + "/billing", "billing/handlers.go", "(*Service).Issue"},
	{app + "/billing", "billing/jobs.go", "remindAll"},
	{app + "/chat", "chat/rooms.go", "(*Room).Post"},
	{app + "/chat", "chat/direct.go", "(*Direct).Send"},
	{app + "/internal/notify", "internal/notify/notify.go", "User"},
	{app + "/web", "web/ws.go", "(*Server).ServeWS"},
}

var uses = []struct {
	role      findings.Role
	symbol    string
	addressee string
	text      string
	fixable   bool
}{
	{findings.UserSend, "realtime.GetManager", "inv.Owner.ID", "user send through process-wide realtime.instance, addressed by inv.Owner.ID", true},
	{findings.ConnSend, "realtime.GetManager", "client.ID", "connection send through process-wide realtime.instance, addressed by client.ID", true},
	{findings.RoomSend, "realtime.GetManager", "room", "room send through process-wide realtime.instance, addressed by room", true},
	{findings.RoutedSend, "realtime.Publish", "", "send through process-wide realtime.instance whose addressee is inside the message", false},
	{findings.Broadcast, "realtime.GetManager", "", "broadcast through process-wide realtime.instance", false},
	{findings.Register, "realtime.GetManager", "userID", "connection registered in process-wide realtime.instance", true},
	{findings.Escape, "realtime.GetManager", "", "process-wide realtime.instance is stored in a field", false},
}

// Lint is what `wsmig lint --format json` prints for a server with one manager.
func Lint(seed uint64, n int) *findings.Result {
	rng := rand.New(rand.NewPCG(seed, 11))
	manager := findings.Singleton{
		Package: app + "/internal/realtime", Name: "instance", Accessors: []string{"GetManager"}, Type: "*realtime.Manager",
		Form: findings.OnceGetter, Severity: findings.Warning, File: "internal/realtime/manager.go", Line: 20,
		Library: "github.com/gorilla/websocket", Uses: map[findings.Role]int{},
	}
	reload := findings.Singleton{
		Package: app + "/web", Name: "reload", Accessors: []string{}, Type: "*web.hub", Form: findings.Var, Severity: findings.Info,
		File: "web/reload.go", Line: 9, Library: "github.com/gorilla/websocket", Uses: map[findings.Role]int{findings.Broadcast: 2},
	}
	r := &findings.Result{Schema: findings.Schema, Stats: findings.Stats{
		Packages: 12, PackagesFailed: []findings.FailedPackage{{Package: app + "/legacy", Error: "legacy/old.go:3:8: undefined: oldHub"}},
		Files: 40, FilesSkipped: []findings.SkippedFile{{File: "web/ws_windows.go", Reason: "build-tag"}}, Seconds: 1.4,
	}}
	r.Findings = append(r.Findings, findings.Finding{
		Rule: "singleton", Category: findings.Declaration, Severity: findings.Warning, Package: manager.Package, File: manager.File,
		Line: 20, Column: 2, EndLine: 20, EndColumn: 10, Symbol: "realtime.instance", Singleton: manager.Package + ".instance",
		Role: findings.RoleDeclaration, Message: "process-wide WebSocket manager behind realtime.GetManager", Fingerprint: "5f2a9c01d4e7b386",
	})
	for i := range n {
		use, at := uses[rng.IntN(len(uses))], places[i*len(places)/max(n, 1)]
		manager.Uses[use.role]++
		r.Findings = append(r.Findings, findings.Finding{
			Rule: "singleton", Category: findings.Use, Severity: findings.Warning, Message: use.text, Package: at.pkg, File: at.file,
			Line: 20 + 7*i, Column: 2 + rng.IntN(12), EndLine: 20 + 7*i, EndColumn: 40 + rng.IntN(30), Symbol: use.symbol,
			Singleton: manager.Package + ".instance", Role: use.role, Addressee: use.addressee, Function: at.function,
			Fingerprint: fmt.Sprintf("%016x", rng.Uint64()), Fixable: use.fixable, Reason: reason(use.fixable),
			Baseline: i%4 == 3, Suppressed: i%9 == 8,
		})
	}
	r.Findings = append(r.Findings, findings.Finding{
		Rule: "singleton", Category: findings.Declaration, Severity: findings.Info, Package: app + "/web", File: "web/reload.go", Line: 9, Column: 5,
		EndLine: 9, EndColumn: 11, Symbol: "web.reload", Singleton: app + "/web.reload", Role: findings.RoleDeclaration,
		Message: "info: broadcast-only process-wide hub", Fingerprint: "00c1d2e3f4a5b697",
	})
	r.Singletons = []findings.Singleton{manager, reload}
	return r
}

func reason(fixable bool) string {
	if fixable {
		return ""
	}
	return "the addressee is not an expression at this place"
}

// Ledger is what `wsmig fix` leaves behind after n sites.
func Ledger(seed uint64, n int) *ledger.Ledger {
	lint := Lint(seed, n)
	l := &ledger.Ledger{
		Schema: ledger.Schema, Stage: ledger.Bind, Builds: true, Rounds: 2,
		GoMod:        ledger.GoMod{GoBefore: "1.22", GoAfter: "1.26", Require: "github.com/wsmig/wsmig v0.1.0"},
		FilesChanged: []string{"billing/handlers.go", "chat/direct.go"},
		Singletons:   []ledger.Singleton{{Name: app + "/internal/realtime.instance", Stage: ledger.Bind, HeldBackBy: []ledger.Reason{ledger.RegistryShape}}},
	}
	for i := range lint.Findings {
		f := &lint.Findings[i]
		if f.Category != findings.Use {
			continue
		}
		s := ledger.Site{File: f.File, Line: f.Line, Column: f.Column, Symbol: f.Symbol, Role: f.Role, Addressee: f.Addressee, Status: ledger.Fixed, Stage: ledger.Bind}
		switch f.Role {
		case findings.RoutedSend:
			s.Status, s.Reason, s.Message = ledger.Left, ledger.InsideMessage, "pass the addressee beside the message, then run fix again"
		case findings.Escape:
			s.Status, s.Reason, s.Message = ledger.Left, ledger.Escape, "pass an emitter instead of the manager"
		case findings.Broadcast, findings.Register:
			s.Status, s.Reason = ledger.Kept, ledger.Broadcast
		}
		l.Sites = append(l.Sites, s)
	}
	return l
}

// HostileLint has hostile text in every field that a path or a source reaches.
func HostileLint() *findings.Result {
	r := Lint(5, 8)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Message, f.File, f.Package, f.Symbol, f.Addressee, f.Function, f.Reason = Hostile, "dir/"+Hostile, Hostile, Hostile, Hostile, Hostile, Hostile
		f.Singleton, f.Fingerprint = Hostile, Hostile
		f.Suppressed, f.Baseline = false, false
	}
	for i := range r.Singletons {
		s := &r.Singletons[i]
		s.Name, s.Package, s.File, s.Type, s.Library = Hostile, Hostile, Hostile, Hostile, Hostile
	}
	r.Stats.PackagesFailed[0].Error = Hostile
	r.Stats.FilesSkipped[0].File = Hostile
	return r
}

// HostileLedger has hostile text in every free field.
func HostileLedger() *ledger.Ledger {
	l := Ledger(5, 12)
	l.GoMod.Require = Hostile
	l.Singletons[0].Name = Hostile
	for i := range l.Sites {
		l.Sites[i].File, l.Sites[i].Symbol, l.Sites[i].Message = Hostile, Hostile, Hostile
	}
	return l
}
