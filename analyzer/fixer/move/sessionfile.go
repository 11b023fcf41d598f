package move

import (
	"fmt"
	"go/format"
	"go/types"
	"strings"
	"unicode"

	"github.com/wsmig/wsmig/analyzer/fixer/bind"
)

// serve prepares the file for sessions: they are connections with the methods that
// melody's have.
func (f *File) serve(list *sessions, abroad bool) {
	f.melody, f.key = true, list.key
	f.bounds = map[string]string{"MaxMessageSize": "512", "MessageBufferSize": "256"} // melody's defaults
	for _, name := range []string{"Session", "Sessions", "newSessions", "sessionKey", "sessionIn", "connected", "allSessions", "errClosed"} {
		fresh := name
		if name == "newSessions" && abroad {
			fresh = "NewSessions"
		}
		for n := 2; f.pkg.Scope().Lookup(fresh) != nil; n++ {
			fresh = fmt.Sprint(strings.TrimRightFunc(fresh, unicode.IsDigit), n)
		}
		f.names[name] = fresh
	}
	f.names["Connection"], f.names["connectionIn"] = f.names["Session"], f.names["sessionIn"]
}

// method is a method of the type that stands for melody's, which is needed then.
func (f *File) method(name string) string {
	f.needs["melody."+name] = true
	return name
}

// generateSessions writes the file.
func (f *File) generateSessions() ([]byte, error) {
	w := &fileWriter{File: f, imports: map[string]string{bind.RuntimePath: "wsruntime", "context": "", "log/slog": "", "net/http": "", "sync": "", "sync/atomic": ""}}
	conv := keyCode(f.key)
	if conv.imports != "" {
		w.imports[conv.imports] = ""
	}
	w.keyType = types.TypeString(f.key, w.qualify)
	if w.list != nil {
		w.needs["session.mu"] = true
	}
	w.rely()
	w.add(sessionsText)
	for _, name := range []string{"HandleConnect", "HandleDisconnect", "HandleMessage", "HandleMessageBinary"} {
		if w.needs["melody."+name] {
			w.add(hookText[name])
		}
	}
	w.add(acceptSessionText)
	for _, name := range []string{"ToUser", "BinaryToUser", "toUser", "Broadcast", "BroadcastBinary", "BroadcastFilter", "BroadcastBinaryFilter", "BroadcastOthers", "BroadcastBinaryOthers", "broadcast", "BroadcastMultiple", "Len", "Sessions", "Close", "IsClosed"} {
		if w.needs["melody."+name] {
			w.add(sessionsMethodText[name])
		}
	}
	if w.needs["melody.all"] {
		w.imports["iter"] = ""
		w.add(allSessionsText)
	}
	w.add(sessionText)
	for _, name := range []string{"Write", "WriteBinary", "Close", "IsClosed", "Get", "MustGet", "Set", "UnSet", "RemoteAddr"} {
		if w.needs["session."+name] {
			w.add(sessionMethodText[name])
		}
	}
	if w.list != nil {
		w.add(strings.NewReplacer("(c *", "(s *", "c.mu", "s.mu", "c.held", "s.held", "= c\n", "= s\n", "c.@entry", "s.@entry", "connection", "session").Replace(attachConnText + detachText))
		w.finders(conv)
	}
	w.add(sessionFactoryText)
	w.add(factoryCoreText)
	return format.Source([]byte(w.header() + w.replace(conv)))
}

// rely notes what the methods that are needed need themselves, and their imports.
func (w *fileWriter) rely() {
	needs := map[string][]string{
		"melody.ToUser": {"melody.toUser"}, "melody.BinaryToUser": {"melody.toUser"},
		"melody.Broadcast": {"melody.broadcast"}, "melody.BroadcastBinary": {"melody.broadcast"},
		"melody.BroadcastFilter": {"melody.broadcast"}, "melody.BroadcastBinaryFilter": {"melody.broadcast"},
		"melody.BroadcastOthers": {"melody.broadcast"}, "melody.BroadcastBinaryOthers": {"melody.broadcast"},
		"melody.BroadcastMultiple": {"session.Write"}, "melody.IsClosed": {"melody.Close"},
		"melody.broadcast": {"melody.all"}, "melody.Len": {"melody.all"}, "melody.Sessions": {"melody.all"}, "melody.Close": {"melody.all", "session.Close"},
		"session.MustGet": {"session.Get"}, "session.Get": {"session.mu"}, "session.Set": {"session.mu"}, "session.UnSet": {"session.mu"},
	}
	for grown := true; grown; {
		grown = false
		for name, more := range needs {
			for _, need := range more {
				if w.needs[name] && !w.needs[need] {
					w.needs[need], grown = true, true
				}
			}
		}
	}
	for name, path := range map[string]string{"melody.toUser": "errors", "melody.BroadcastMultiple": "errors", "melody.Close": "errors", "session.RemoteAddr": "net"} {
		if w.needs[name] {
			w.imports[path] = ""
		}
	}
}
