package drive

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
)

// program is a configuration with everything compiled.
type program struct {
	file *spec.File
	set  *tmpl.Set
	kind wire.Kind // of the frames that are sent

	targets   []*tmpl.Template // the nodes' addresses
	query     map[string]*tmpl.Template
	header    map[string]*tmpl.Template
	cookie    map[string]*tmpl.Template
	protocols []*tmpl.Template
	first     *tmpl.Template
	login     *call
	steps     []step
	reflexes  []reflex
	ready     *matcher
	gap       *matcher

	emitters []*emitter
	request  *tmpl.Template
	replyID  *tmpl.Template
	logout   *action
	logoutOK *matcher
	relogin  *tmpl.Template
	again    *matcher
	revoke   *action
	revokeOK *matcher
	resume   *resumption
}

// step is one move of a handshake.
type step struct {
	send   *tmpl.Template
	expect *matcher
}

func (s step) sends() bool { return s.send != nil }

type reflex struct {
	match *matcher
	send  *tmpl.Template
}

// action is a frame or a call.
type action struct {
	frame *tmpl.Template
	call  *call
}

// emitter is a compiled way to make events.
type emitter struct {
	index    int
	name     string
	frame    *tmpl.Template
	call     *call
	args     []*tmpl.Template
	hook     Hook
	self     bool
	other    bool
	audience string
	rooms    int
	join     *action
	leave    *action
	rate     float64
	most     int // bytes of a padded payload that are known to pass
}

type resumption struct {
	query  map[string]*tmpl.Template
	header map[string]*tmpl.Template
	first  *tmpl.Template
	frame  *tmpl.Template
	find   [3]*regexp.Regexp // session, epoch, since
}

// compiler collects the first error, with the key that it belongs to.
type compiler struct {
	set *tmpl.Set
	err error
}

func (c *compiler) fail(key string, err error) {
	if c.err == nil && err != nil {
		c.err = fmt.Errorf("%s: %w", key, err)
	}
}

func (c *compiler) text(key, text string, place tmpl.Place) *tmpl.Template {
	if text == "" {
		return nil
	}
	t, err := c.set.Compile(text, place)
	c.fail(key, err)
	return t
}

func (c *compiler) texts(key string, texts map[string]string, place tmpl.Place) map[string]*tmpl.Template {
	out := map[string]*tmpl.Template{}
	for name, text := range texts {
		t, err := c.set.Compile(text, place)
		c.fail(key+"."+name, err)
		out[name] = t
	}
	return out
}

func (c *compiler) matcher(key string, m *spec.Matcher) *matcher {
	out, err := compileMatcher(c.set, m)
	c.fail(key, err)
	return out
}

func (c *compiler) action(key string, a *spec.Action) *action {
	if a == nil {
		return nil
	}
	return &action{frame: c.text(key+".ws", a.WS, tmpl.Frame), call: c.call(key+".http", a.HTTP)}
}

// compile turns a checked file into a program. hooks replace emitters that call
// Go code.
func compile(file *spec.File, set *tmpl.Set, hooks []Hook) (*program, error) {
	c := &compiler{set: set}
	p := &program{file: file, set: set, ready: c.matcher("ready", file.Ready), gap: c.matcher("gap", file.Gap)}
	p.compileAuth(c)
	p.compileSessions(c)
	for i := range file.Emit {
		p.emitters = append(p.emitters, c.emitter(i, &file.Emit[i]))
	}
	for _, hook := range hooks {
		p.emitters = append(p.emitters, &emitter{index: len(p.emitters), name: "emit", hook: hook, audience: spec.AudienceUser})
	}
	for i, answer := range file.ReplyTo {
		key := fmt.Sprintf("reply_to[%d]", i)
		p.reflexes = append(p.reflexes, reflex{c.matcher(key, &answer.Match), c.text(key, answer.Send, tmpl.Frame)})
	}
	return p, c.err
}

func (p *program) compileAuth(c *compiler) {
	if p.kind = wire.Text; p.file.Frames == "binary" {
		p.kind = wire.Binary
	}
	for _, address := range p.file.Target {
		p.targets = append(p.targets, c.text("target", address, tmpl.Address))
	}
	if h := p.file.Handshake; h != nil {
		p.query = c.texts("handshake.query", h.Query, tmpl.Plain)
		for _, text := range h.Subprotocol {
			p.protocols = append(p.protocols, c.text("handshake.subprotocol", text, tmpl.Token))
		}
		for i, s := range h.Steps {
			key := fmt.Sprintf("handshake.steps[%d]", i)
			p.steps = append(p.steps, step{c.text(key, s.Send, tmpl.Frame), c.matcher(key, s.Expect)})
		}
	}
	a := p.file.Auth
	if a == nil {
		return
	}
	query := c.texts("auth.query", a.Query, tmpl.Plain)
	for name, text := range p.query {
		if _, own := query[name]; !own {
			query[name] = text
		}
	}
	p.query = query
	p.header = c.texts("auth.header", a.Header, tmpl.Header)
	p.cookie = c.texts("auth.cookie", a.Cookie, tmpl.Cookie)
	for _, text := range a.Subprotocol {
		p.protocols = append(p.protocols, c.text("auth.subprotocol", text, tmpl.Token))
	}
	p.first = c.text("auth.first_message", a.FirstMessage, tmpl.Frame)
	if a.Login != nil {
		p.login = c.call("auth.login", &a.Login.HTTP)
	}
}

func (p *program) compileSessions(c *compiler) {
	f := p.file
	if f.Request != nil {
		p.request = c.text("request.ws", f.Request.WS, tmpl.Frame)
		p.replyID = c.text("request.id", f.Request.ID, tmpl.Frame)
	}
	if f.Logout != nil {
		p.logout, p.logoutOK = c.action("logout", &f.Logout.Action), c.matcher("logout.ack", f.Logout.Ack)
	}
	if f.Relogin != nil {
		p.relogin, p.again = c.text("relogin.ws", f.Relogin.WS, tmpl.Frame), c.matcher("relogin.ready", f.Relogin.Ready)
	}
	if f.Revoke != nil {
		p.revoke, p.revokeOK = c.action("revoke", &f.Revoke.Action), c.matcher("revoke.ack", f.Revoke.Ack)
	}
	if r := f.Resume; r != nil {
		p.resume = &resumption{
			query: c.texts("resume.query", r.Query, tmpl.Plain), header: c.texts("resume.header", r.Header, tmpl.Header),
			first: c.text("resume.first_message", r.FirstMessage, tmpl.Frame), frame: c.text("resume.ws", r.WS, tmpl.Frame),
		}
		for i, pattern := range []string{r.Session, r.Epoch, r.Since} {
			if pattern == "" {
				continue
			}
			compiled, err := regexp.Compile(pattern)
			c.fail("resume", err)
			p.resume.find[i] = compiled
		}
	}
}

func (c *compiler) emitter(i int, e *spec.Emit) *emitter {
	key := fmt.Sprintf("emit[%d]", i)
	out := &emitter{index: i, name: e.Name, audience: e.Audience, rooms: e.Rooms, rate: float64(e.Rate)}
	if out.audience == "" {
		out.audience = spec.AudienceUser
	}
	if out.name == "" {
		out.name = fmt.Sprintf("emit %d", i+1)
	}
	out.frame = c.text(key+".ws", e.WS, tmpl.Frame)
	out.call = c.call(key+".http", e.HTTP)
	for _, arg := range e.Exec {
		t, err := c.set.Compile(arg, tmpl.Plain)
		c.fail(key+".exec", err)
		out.args = append(out.args, t)
	}
	out.self = e.From != "other"
	out.other = e.From != "self" && e.Audience != spec.AudienceReply
	out.join, out.leave = c.action(key+".join", e.Join), c.action(key+".leave", e.Leave)
	return out
}

// share leaves no more rooms than two users each can be in: of a room that has one
// member nobody else's events come, and what it leaks after he left is never seen.
func (e *emitter) share(users int) {
	if e.rooms > 2 {
		e.rooms = min(e.rooms, max(users/2, 2))
	}
}

// shape tells the plan what an emitter is like.
func (e *emitter) shape(users int) plan.Emitter {
	fan := 1
	if e.broadcasts() {
		fan = (users + max(e.rooms, 1) - 1) / max(e.rooms, 1)
	}
	return plan.Emitter{
		Fan: fan,

		Socket: e.frame != nil, Self: e.self, Other: e.other, Slow: len(e.args) > 0,
		Broadcast: e.audience == spec.AudienceBroadcast || e.audience == spec.AudienceRoom, Room: e.audience == spec.AudienceRoom,
	}
}

// names reports whether a template names something beside the user's id.
func (p *program) names() bool {
	all := append([]*tmpl.Template{p.request, p.first}, p.targets...)
	for _, m := range []map[string]*tmpl.Template{p.query, p.header, p.cookie} {
		for _, t := range m {
			all = append(all, t)
		}
	}
	for _, e := range p.emitters {
		all = append(all, e.frame)
	}
	return slices.ContainsFunc(all, func(t *tmpl.Template) bool { return t.Uses("device") || t.Uses("id") })
}

// introduces reports whether the handshake itself tells the server who connects:
// where something in it depends on the user, or nothing is sent later that could.
func (p *program) introduces() bool {
	if p.login != nil || p.first == nil && !slices.ContainsFunc(p.steps, step.sends) {
		return true
	}
	all := slices.Concat(p.targets, p.protocols)
	for _, m := range []map[string]*tmpl.Template{p.query, p.header, p.cookie} {
		all = slices.AppendSeq(all, maps.Values(m))
	}
	return slices.ContainsFunc(all, func(t *tmpl.Template) bool { return t.Uses("user") })
}

func (p *program) usesDevice() bool {
	for _, m := range []map[string]*tmpl.Template{p.query, p.header, p.cookie} {
		for _, t := range m {
			if t.Uses("device") {
				return true
			}
		}
	}
	return p.first.Uses("device")
}
