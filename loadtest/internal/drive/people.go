package drive

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// person is a user in the plan's sense: ordinary, a ghost that never connects, or
// one with an odd id.
type person struct {
	index int
	id    string
	who   history.PrincipalID
	odd   bool
	ghost bool

	mu      sync.Mutex
	values  map[string]string // what {{.user}} names
	cookies map[string]string
	entered bool // the login is done
	slots   [plan.Slots]*conn
	coming  atomic.Int32 // connections that are bound or about to be, and in no slot yet
	epoch   uint32
	dials   int // connections opened so far
	token   session
	stale   session
	revoked bool
	barred  string // why this user cannot connect
	shunned map[*emitter]bool
}

// session is what a server gave to continue by.
type session struct{ session, epoch, since string }

// enlist makes everybody of the run known: principals are fixed from the start.
func (d *Driver) enlist() {
	for _, u := range d.opts.Users {
		d.add(u.ID, u.Columns).who = history.PrincipalID(u.Number)
	}
	d.config = plan.Config{Users: len(d.opts.Users), Seed: d.opts.Seed, Rate: d.opts.Rate, Ceiling: d.opts.Ceiling, Compress: !d.opts.Raw}
	for _, e := range d.program.emitters {
		e.share(d.everybody())
		d.config.Emitters = append(d.config.Emitters, e.shape(len(d.opts.Users)))
	}
	p := d.program
	d.config.Leave = slices.ContainsFunc(p.emitters, func(e *emitter) bool { return e.leave != nil })
	d.config.Request, d.config.Logout, d.config.Relogin = p.request != nil, p.logout != nil, p.relogin != nil
	d.config.Revoke, d.config.Resume, d.config.Names = p.revoke != nil, p.resume != nil, p.names()
	for _, id := range []string{"nobody-" + d.opts.Key.Mint(canary.Mark{})[20:30], ""} {
		d.add(id, nil).ghost = true
		d.config.Ghosts++
	}
	d.config.FixedUsers, d.config.Nodes = d.fixed(), len(d.opts.File.Target)
	if d.opts.Dial != nil {
		d.config.Nodes = 1
	} else {
		d.config.Faults = d.faults()
	}
	if d.config.FixedUsers == "" {
		d.enlistOdd()
	}
	d.number()
	if s := d.opts.Shard; s != nil && !slices.ContainsFunc(s.Cells, func(c plan.Cell) bool { return c.Odd }) {
		d.config.Odd = 0 // they connect elsewhere
	}
}

// everybody is the number of users of the whole run, on however many machines.
func (d *Driver) everybody() int {
	if s := d.opts.Shard; s != nil {
		return len(s.Users)
	}
	return len(d.opts.Users)
}

// fixed says why no users can be made up.
func (d *Driver) fixed() string {
	switch {
	case d.opts.File.Users.CSV != "":
		return "the users come from a CSV file"
	case len(d.opts.File.IDs.List) > 0:
		return "the users' ids are listed"
	case d.opts.Dial != nil:
		return "connections are made by Go code, which need not know other users"
	}
	return ""
}

// enlistOdd adds the users of the collide schedule whose ids every channel of this
// configuration can carry.
func (d *Driver) enlistOdd() {
	taken := map[string]bool{}
	for _, p := range d.people {
		taken[p.id] = true
	}
	first := d.opts.Users[0].ID
	if d.opts.Shard != nil {
		first = d.opts.Shard.Users[0].ID
		for _, u := range d.opts.Shard.Users {
			taken[u.ID] = true
		}
	}
	for _, id := range plan.OddIDs(first) {
		if taken[id] || d.opts.Odd != nil && !slices.Contains(d.opts.Odd, id) {
			continue
		}
		if err := d.program.carries(id); err != nil {
			d.skipped[id] = err.Error()
			continue
		}
		d.add(id, nil).odd = true
		d.config.Odd++
	}
}

func (d *Driver) add(id string, columns map[string]string) *person {
	p := &person{index: len(d.people), id: id, values: map[string]string{}}
	maps.Copy(p.values, columns)
	p.values["id"] = id
	d.people = append(d.people, p)
	return p
}

// number makes principals of people: all users of the run first, then those whom
// every process makes up in the same order.
func (d *Driver) number() {
	users := len(d.opts.Users)
	if s := d.opts.Shard; s != nil {
		here := map[int]bool{}
		for _, u := range d.opts.Users {
			here[u.Number] = true
		}
		for i, u := range s.Users {
			if !here[i+1] {
				p := d.add(u.ID, nil)
				p.who, p.ghost = history.PrincipalID(i+1), true
			}
		}
		users = len(s.Users)
	}
	for i, p := range d.people {
		switch {
		case p.who != 0:
		case i < len(d.opts.Users):
			p.who = history.PrincipalID(i + 1)
		default:
			p.who = history.PrincipalID(users + 1 + i - len(d.opts.Users))
		}
		if p.values["token"] == "" {
			p.values["token"] = d.opts.Key.Mint(canary.Mark{Owner: uint32(p.who), Field: canary.FieldIdentity})
		}
	}
}

func (d *Driver) person(index int) *person {
	if index < 0 || index >= len(d.people) {
		return nil
	}
	return d.people[index]
}

// rehearse renders everything once for the first user, so that a misspelt name is
// found before anything is sent.
func (d *Driver) rehearse() error {
	p := d.people[0]
	v := d.values(p, "device")
	v.From, v.Room, v.ID = v.User, "room", "id"
	if login := d.opts.File.Auth; login != nil && login.Login != nil && login.Login.Take != nil {
		v.User = maps.Clone(v.User)
		for name := range login.Login.Take.Values {
			v.User[name] = "taken"
		}
		v.From = v.User
	}
	mint := func(uint8) string { return strings.Repeat("0", canary.Len) }
	try := func(key string, t *tmpl.Template, mint tmpl.Mint) error {
		if t == nil {
			return nil
		}
		if _, err := t.Render(v, mint); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return nil
	}
	for _, one := range d.program.templates() {
		m := tmpl.Mint(mint)
		if !one.marks {
			m = nil
		}
		if err := try(one.key, one.template, m); err != nil {
			return err
		}
	}
	return d.marked()
}

// marked refuses emitters whose events could not be told apart.
func (d *Driver) marked() error {
	for i, e := range d.program.emitters {
		if e.hook == nil && !e.marks() {
			return fmt.Errorf("emit[%d]: no {{canary}} in it, so that its events cannot be judged", i)
		}
	}
	return nil
}

func (e *emitter) marks() bool {
	all := append([]*tmpl.Template{e.frame}, e.args...)
	if e.call != nil {
		all = append(all, e.call.templates()...)
	}
	return slices.ContainsFunc(all, func(t *tmpl.Template) bool { return t.Uses("canary") })
}

func (c *call) templates() []*tmpl.Template {
	all := []*tmpl.Template{c.address, c.body}
	for _, t := range c.header {
		all = append(all, t)
	}
	return all
}

// named is a template with the key it came from; marks says that canaries mean
// something in it.
type named struct {
	key      string
	template *tmpl.Template
	marks    bool
}

func (p *program) templates() (all []named) {
	add := func(key string, marks bool, templates ...*tmpl.Template) {
		for _, t := range templates {
			all = append(all, named{key, t, marks})
		}
	}
	for key, m := range map[string]map[string]*tmpl.Template{"auth.query": p.query, "auth.header": p.header, "auth.cookie": p.cookie} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			add(key+"."+name, false, m[name])
		}
	}
	add("target", false, p.targets...)
	add("auth.subprotocol", false, p.protocols...)
	add("auth.first_message", false, p.first)
	add("relogin.ws", false, p.relogin)
	add("request.ws", true, p.request)
	add("request.id", false, p.replyID)
	for key, a := range map[string]*action{"logout": p.logout, "revoke": p.revoke} {
		if a != nil {
			add(key+".ws", false, a.frame)
		}
		if a != nil && a.call != nil {
			add(key+".http", false, a.call.templates()...)
		}
	}
	if p.login != nil {
		add("auth.login", false, p.login.templates()...)
	}
	for i, e := range p.emitters {
		key := fmt.Sprintf("emit[%d]", i)
		add(key+".ws", true, e.frame)
		add(key+".exec", true, e.args...)
		if e.call != nil {
			add(key+".http", true, e.call.templates()...)
		}
		if e.join != nil {
			add(key+".join", false, e.join.frame)
		}
		if e.leave != nil {
			add(key+".leave", false, e.leave.frame)
		}
	}
	return all
}

// values are what templates may name for a person on a device.
func (d *Driver) values(p *person, device string) *tmpl.Values {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &tmpl.Values{User: p.values, From: p.values, Device: device, Session: p.token.session, Epoch: p.token.epoch, Since: p.token.since}
}

// device names a slot: the same for all users where the setup wants that.
func (d *Driver) device(p *person, slot int) string {
	if d.setup.Same {
		return fmt.Sprintf("device-%d", slot)
	}
	return fmt.Sprintf("device-%d-%d", p.who, slot)
}

// enter performs the login of a person, once.
func (d *Driver) enter(ctx context.Context, p *person) error {
	if d.program.login == nil {
		return nil
	}
	p.mu.Lock()
	done := p.entered
	p.mu.Unlock()
	if done {
		return nil
	}
	ready, err := d.program.login.prepare(d.values(p, ""))
	if err != nil {
		return err
	}
	req, err := ready.request(ctx, nil, nil)
	if err != nil {
		return err
	}
	status, body, resp, err := do(d.client, req)
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}
	if status >= 400 {
		return fmt.Errorf("login answered %d", status)
	}
	take := d.opts.File.Auth.Login.Take
	p.mu.Lock()
	defer p.mu.Unlock()
	p.entered = true
	if take == nil {
		return nil
	}
	values := maps.Clone(p.values)
	for name, path := range take.Values {
		parsed, err := spec.ParsePath(path)
		if err != nil {
			return err
		}
		value, ok := parsed.Find(body)
		if !ok {
			return fmt.Errorf("login: its answer has no %s", path)
		}
		values[name] = value
	}
	p.values = values
	if take.Cookies {
		p.cookies = map[string]string{}
		for _, cookie := range resp.Cookies() {
			p.cookies[cookie.Name] = cookie.Value
		}
	}
	return nil
}
