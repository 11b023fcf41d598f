package spec

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// problem is a check that failed: where in the file, what, and what to do.
type problem struct{ path, text, hint string }

// Check says what a resolved file lacks or contradicts, in terms of its keys. The
// name is for the message.
func (f *File) Check(name string) error {
	checks := []func(*File) *problem{
		checkTarget, checkUsers, checkEmits, checkMatchers, checkActions, checkResume, checkExpect,
	}
	for _, check := range checks {
		if p := check(f); p != nil {
			return &Error{File: name, Text: p.path + ": " + p.text, Hint: p.hint}
		}
	}
	return nil
}

func checkTarget(f *File) *problem {
	if f.First() == "" {
		return &problem{"target", "is missing", "give target: ws://127.0.0.1:8080/ws"}
	}
	for _, address := range f.Target {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || u.Scheme != "ws" && u.Scheme != "wss" {
			return &problem{"target", fmt.Sprintf("%q is not a WebSocket address", address), "give ws://HOST:PORT/PATH or wss://"}
		}
		if strings.Contains(u.Host, "{{") {
			return &problem{"target", fmt.Sprintf("%q has a template for its host", address), "only the path and the query may have one; give a list of addresses for several nodes"}
		}
	}
	return nil
}

func checkUsers(f *File) *problem {
	switch {
	case f.Users.Count > 0 && f.Users.CSV != "":
		return &problem{"users", "both a number and a CSV file", "the file's rows are the users; drop count"}
	case f.Users.Count < 0:
		return &problem{"users", fmt.Sprintf("%d, want at least 1", f.Users.Count), ""}
	case f.IDs.Pattern != "" && strings.Count(f.IDs.Pattern, "%") != 1:
		return &problem{"ids", fmt.Sprintf("pattern %q has no single %%d for the user's number", f.IDs.Pattern), "for example user-%04d"}
	}
	return f.checkPattern()
}

var patternVerb = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%0?[0-9]*d`) })

func (f *File) checkPattern() *problem {
	if p := f.IDs.Pattern; p != "" && !patternVerb().MatchString(p) {
		return &problem{"ids", fmt.Sprintf("pattern %q has no %%d for the user's number", p), "for example user-%04d"}
	}
	seen := map[string]bool{}
	for _, id := range f.IDs.List {
		if seen[id] {
			return &problem{"ids", fmt.Sprintf("%q stands twice", id), "an id is one user"}
		}
		seen[id] = true
	}
	return nil
}

func checkEmits(f *File) *problem {
	if len(f.Emit) == 0 {
		return &problem{"emit", "is missing", "say how an event is made, for example emit: {ws: '{\"to\":\"{{.user.id}}\",\"text\":\"{{canary}}\"}'}"}
	}
	for i := range f.Emit {
		if p := f.Emit[i].check(fmt.Sprintf("emit[%d]", i)); p != nil {
			return p
		}
	}
	return nil
}

var audiences = []string{"", AudienceUser, AudienceSession, AudienceRoom, AudienceBroadcast, AudienceReply}

func (e *Emit) check(path string) *problem {
	kinds := 0
	for _, is := range []bool{e.WS != "", e.HTTP != nil, len(e.Exec) > 0} {
		if is {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return &problem{path, "want exactly one of ws, http, exec", ""}
	case !slices.Contains([]string{"", "self", "other", "any"}, e.From):
		return &problem{path + ".from", fmt.Sprintf("%q is not self, other or any", e.From), ""}
	case e.From != "" && e.WS == "":
		return &problem{path + ".from", "goes with ws only", ""}
	case !slices.Contains(audiences, e.Audience):
		return &problem{path + ".audience", fmt.Sprintf("unknown audience %q", e.Audience), "did you mean " + Nearest(e.Audience, audiences[1:]) + "?"}
	case e.Audience == AudienceReply && e.WS == "":
		return &problem{path + ".audience", "a reply comes to the connection that sent: it needs ws", ""}
	case e.Audience == AudienceRoom && e.Rooms < 1:
		return &problem{path + ".rooms", "is missing", "say how many rooms there are, for example rooms: 10"}
	case e.Audience != AudienceRoom && (e.Rooms != 0 || e.Join != nil || e.Leave != nil):
		return &problem{path, "rooms, join and leave go with audience: room", ""}
	}
	if p := e.HTTP.check(path + ".http"); p != nil {
		return p
	}
	if p := e.Join.check(path + ".join"); p != nil {
		return p
	}
	return e.Leave.check(path + ".leave")
}

// Method returns the request's method and address, "" when there is none or more
// than one.
func (h *HTTP) Method() (method, address string) {
	for _, m := range []struct{ method, address string }{
		{"GET", h.Get}, {"POST", h.Post}, {"PUT", h.Put}, {"PATCH", h.Patch}, {"DELETE", h.Delete},
	} {
		if m.address == "" {
			continue
		}
		if method != "" {
			return "", ""
		}
		method, address = m.method, m.address
	}
	return method, address
}

func (h *HTTP) check(path string) *problem {
	if h == nil {
		return nil
	}
	if method, _ := h.Method(); method == "" {
		return &problem{path, "want exactly one of get, post, put, patch, delete with an address", ""}
	}
	bodies := 0
	for _, is := range []bool{h.JSON != nil, len(h.Form) > 0, h.Body != ""} {
		if is {
			bodies++
		}
	}
	if bodies > 1 {
		return &problem{path, "want at most one of json, form, body", ""}
	}
	return nil
}

func (a *Action) check(path string) *problem {
	if a == nil {
		return nil
	}
	if (a.WS == "") == (a.HTTP == nil) {
		return &problem{path, "want exactly one of ws, http", ""}
	}
	return a.HTTP.check(path + ".http")
}

func checkMatchers(f *File) *problem {
	matchers := map[string]*Matcher{"ready": f.Ready, "gap": f.Gap}
	if f.Logout != nil {
		matchers["logout.ack"] = f.Logout.Ack
	}
	if f.Relogin != nil {
		matchers["relogin.ready"] = f.Relogin.Ready
	}
	if f.Revoke != nil {
		matchers["revoke.ack"] = f.Revoke.Ack
	}
	for i := range f.ReplyTo {
		matchers[fmt.Sprintf("reply_to[%d].match", i)] = &f.ReplyTo[i].Match
	}
	if f.Handshake != nil {
		for i, step := range f.Handshake.Steps {
			if (step.Send == "") == (step.Expect == nil) {
				return &problem{fmt.Sprintf("handshake.steps[%d]", i), "want exactly one of send, expect", ""}
			}
			matchers[fmt.Sprintf("handshake.steps[%d].expect", i)] = step.Expect
		}
	}
	for _, path := range slices.Sorted(maps.Keys(matchers)) {
		m := matchers[path]
		if m == nil {
			continue
		}
		if err := m.check(); err != nil {
			return &problem{path, err.Error(), ""}
		}
	}
	return nil
}

func checkActions(f *File) *problem {
	if f.Logout != nil {
		if p := f.Logout.Action.check("logout"); p != nil {
			return p
		}
	}
	if f.Revoke != nil {
		if p := f.Revoke.Action.check("revoke"); p != nil {
			return p
		}
	}
	if f.Request != nil && f.Request.WS == "" {
		return &problem{"request.ws", "is missing", ""}
	}
	if f.Relogin != nil && f.Relogin.WS == "" {
		return &problem{"relogin.ws", "is missing", ""}
	}
	if f.Auth != nil && f.Auth.Login != nil {
		return f.Auth.Login.HTTP.check("auth.login")
	}
	return nil
}

func checkResume(f *File) *problem {
	r := f.Resume
	if r == nil {
		return nil
	}
	if len(r.Query) == 0 && len(r.Header) == 0 && r.FirstMessage == "" && r.WS == "" {
		return &problem{"resume", "want at least one of query, header, first_message, ws", ""}
	}
	for _, one := range [][2]string{{"session", r.Session}, {"epoch", r.Epoch}, {"since", r.Since}} {
		key, pattern := one[0], one[1]
		compiled, err := regexp.Compile(pattern)
		if err != nil {
			return &problem{"resume." + key, fmt.Sprintf("%q is not a regular expression", pattern), ""}
		}
		if pattern != "" && compiled.NumSubexp() < 1 {
			return &problem{"resume." + key, fmt.Sprintf("%q has no group", pattern), "put what is wanted into parentheses"}
		}
	}
	return nil
}

// Levels are the isolation levels, weakest first.
var Levels = []string{"none", "user-isolated", "field-isolated", "lifetime-isolated", "session-isolated", "non-interfering"}

// Faults are the names that load.faults may list.
var Faults = []string{"delay", "split", "slow-loris", "drop", "reset", "half-open"}

func checkExpect(f *File) *problem {
	e := &f.Expect
	for _, name := range f.Load.Faults {
		if !slices.Contains(Faults, name) {
			return &problem{"load.faults", fmt.Sprintf("unknown fault %q", name), "did you mean " + Nearest(name, Faults) + "?"}
		}
	}
	for i := range e.Events {
		if p := e.Events[i].check(fmt.Sprintf("expect.events[%d]", i)); p != nil {
			return p
		}
	}
	switch {
	case f.Frames != "" && f.Frames != "text" && f.Frames != "binary":
		return &problem{"frames", fmt.Sprintf("%q is not text or binary", f.Frames), ""}
	case e.Isolation != "" && !slices.Contains(Levels, e.Isolation):
		return &problem{"expect.isolation", fmt.Sprintf("unknown level %q", e.Isolation), "did you mean " + Nearest(e.Isolation, Levels) + "?"}
	case e.Order != "" && e.Order != "stream" && e.Order != "none":
		return &problem{"expect.order", fmt.Sprintf("%q is not stream or none", e.Order), ""}
	case e.MinJudged < 0 || e.MinJudged > 1:
		return &problem{"expect.min_judged", fmt.Sprintf("%v is not between 0 and 1", e.MinJudged), ""}
	}
	return nil
}
