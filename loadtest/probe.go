package loadtest

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/internal/drive"
	"github.com/wsmig/wsmig/loadtest/internal/guard"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/spec"
)

// ProbeConfig says what to probe.
type ProbeConfig struct {
	Address    string
	Preset     string // default: guessed from the address and what the server says
	AllowHosts []string
	ReadFile   func(name string) ([]byte, error)
	// Tell, if set, is called for each thing that happened, as one line.
	Tell func(line string)
	_    struct{}
}

// ErrNothingCameBack is returned by Probe when no message that was tried reached
// the user that it named.
var ErrNothingCameBack = errors.New("nothing came back")

const (
	probeListen = 250 * time.Millisecond // for what a server says by itself
	probeWait   = 500 * time.Millisecond // for what it says to a message
)

// guesses are the messages that are tried, in order. People who write servers
// invent these again and again.
var guesses = []string{
	`{"type":"send","to":"{{.user.id}}","text":"{{canary}}"}`,
	`{"type":"message","to":"{{.user.id}}","text":"{{canary}}"}`,
	`{"type":"message","to":"{{.user.id}}","content":"{{canary}}"}`,
	`{"type":"message","recipient":"{{.user.id}}","message":"{{canary}}"}`,
	`{"to":"{{.user.id}}","text":"{{canary}}"}`,
	`{"to":"{{.user.id}}","message":"{{canary}}"}`,
	`{"action":"send","to":"{{.user.id}}","message":"{{canary}}"}`,
	`{"action":"sendMessage","to":"{{.user.id}}","data":"{{canary}}"}`,
	`{"event":"message","data":{"to":"{{.user.id}}","text":"{{canary}}"}}`,
	`{"type":"chat","user":"{{.user.id}}","text":"{{canary}}"}`,
	`{{canary}}`,
}

// Probe connects two users, sends marked messages until one reaches the user that
// it names, and returns a configuration that says how.
func Probe(ctx context.Context, c *ProbeConfig) ([]byte, error) {
	p := &prober{config: *c, guard: guard.New(c.AllowHosts, nil)}
	if p.config.Tell == nil {
		p.config.Tell = func(string) {}
	}
	if _, err := rand.Read(p.secret[:]); err != nil {
		return nil, err
	}
	preset := c.Preset
	if preset == "" {
		preset = presetOf(c.Address)
	}
	forms := []string{""} // what the preset says
	if preset == spec.DefaultPreset {
		forms = guesses
	}
	for _, form := range forms {
		done, err := p.try(ctx, preset, form)
		if err != nil || done {
			return p.written(preset, form), err
		}
	}
	return nil, ErrNothingCameBack
}

// presetOf guesses a protocol by the path that its servers use.
func presetOf(address string) string {
	switch {
	case strings.Contains(address, "/socket.io"):
		return "socketio"
	case strings.Contains(address, "/connection/websocket"):
		return "centrifugo"
	case strings.Contains(address, "/graphql"):
		return "graphql-ws"
	}
	return spec.DefaultPreset
}

type prober struct {
	config ProbeConfig
	guard  *guard.Guard
	secret [16]byte
	ready  string // what every connection is greeted with, as a text that it contains

	mu     sync.Mutex
	frames []frameSeen
	told   int
}

type frameSeen struct {
	user string
	text string
	mark bool
}

var probeUsers = []drive.User{{ID: "u00001"}, {ID: "u00002"}}

// try speaks one form with two fresh connections and reports whether the message
// reached its user.
func (p *prober) try(ctx context.Context, preset, form string) (bool, error) {
	s, err := TargetSpec([]string{p.config.Address}, preset, p.config.ReadFile)
	if err != nil {
		return false, err
	}
	if form != "" {
		s.Emit = spec.List[spec.Emit]{{WS: form}}
	}
	key := canary.NewKey(p.secret)
	d, err := drive.New(&drive.Options{File: s, Users: probeUsers, Key: key, Guard: p.guard, Record: -1, Watch: func(user string, frame []byte) {
		p.see(user, frame, key)
	}})
	if err != nil {
		return false, &UsageError{Err: err}
	}
	defer d.Close()
	p.clear()
	session := &session{runner: &runner{guard: p.guard}, instance: &Instance{Spec: s}}
	if err := session.allowed(ctx); err != nil {
		return false, err
	}
	if err := d.Greet(ctx, len(probeUsers)); err != nil {
		return false, session.unreachable(ctx, err)
	}
	if p.ready == "" && form != "" {
		p.listen(ctx)
	}
	return p.send(ctx, d, s), ctx.Err()
}

// listen hears what the server says to both users by itself: what is the same for
// both is how it greets.
func (p *prober) listen(ctx context.Context) {
	pause(ctx, probeListen)
	p.mu.Lock()
	defer p.mu.Unlock()
	greetings := map[string][]string{}
	for _, f := range p.frames {
		if part := typeOf(f.text); part != "" {
			greetings[f.user] = append(greetings[f.user], part)
		}
	}
	for _, part := range greetings[probeUsers[0].ID] {
		if slices.Contains(greetings[probeUsers[1].ID], part) {
			p.ready = part
			return
		}
	}
}

// send sends one message each way and looks where it went.
func (p *prober) send(ctx context.Context, d *drive.Driver, s *Spec) bool {
	p.config.Tell("sending " + s.Emit[0].WS)
	for _, by := range []int{0, 1} {
		d.Say(ctx, &plan.Step{Op: plan.Emit, User: 1, By: by, Emitter: 0})
		pause(ctx, probeWait)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	reached, elsewhere := false, false
	for _, f := range p.frames[p.told:] {
		if len(f.text) > 200 {
			f.text = f.text[:200] + "..."
		}
		p.config.Tell(fmt.Sprintf("  %s received %q", f.user, f.text))
		if f.mark {
			reached = reached || f.user == probeUsers[1].ID
			elsewhere = elsewhere || f.user != probeUsers[1].ID
		}
	}
	p.told = len(p.frames)
	switch {
	case reached && elsewhere:
		p.config.Tell("  it reached its user, and the other one too: is it meant for everybody?")
	case reached:
		p.config.Tell("  it reached its user")
	case elsewhere:
		p.config.Tell("  it reached the wrong user alone")
	}
	return reached
}

func (p *prober) see(user string, frame []byte, key *canary.Key) {
	f := frameSeen{user: user, text: printable(frame)}
	for range key.Scan(frame) {
		f.mark = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames = append(p.frames, f)
}

func (p *prober) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frames, p.told = nil, 0
}

// typeOf finds the member of a JSON frame that says what it is, as it is written
// there.
func typeOf(frame string) string {
	var object map[string]any
	if json.Unmarshal([]byte(frame), &object) != nil {
		return ""
	}
	for _, name := range []string{"type", "event", "op", "kind", "action"} {
		value, ok := object[name].(string)
		if !ok {
			continue
		}
		for _, colon := range []string{":", ": "} {
			if text := fmt.Sprintf("%q%s%q", name, colon, value); strings.Contains(frame, text) {
				return text
			}
		}
	}
	return ""
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// written is the configuration that says what was found, with what may follow as
// comments.
func (p *prober) written(preset, form string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# How to speak with this server; written by wsmig loadtest probe.\ntarget: %s\nusers: 10\n", p.config.Address)
	if preset != spec.DefaultPreset {
		fmt.Fprintf(&b, "preset: %s\n", preset)
	}
	if form != "" {
		b.WriteString("auth: {query: {user: \"{{.user.id}}\"}}\n")
	}
	if p.ready != "" {
		fmt.Fprintf(&b, "ready: {contains: '%s'}\n", p.ready)
	}
	if form != "" {
		fmt.Fprintf(&b, "emit:\n  - {ws: '%s'}\n", form)
	}
	b.WriteString(probeHints)
	return []byte(b.String())
}

const probeHints = `
# The more of this is said, the more schedules can run:
# emit over HTTP:
#   - {http: {post: http://127.0.0.1:8080/notify, json: {user: "{{.user.id}}", text: "{{canary}}"}}}
# request: {ws: '{"type":"request","id":"{{.id}}","q":"{{canary}}"}', id: '"id":"{{.id}}"'}
# logout:  {ws: '{"type":"logout"}', ack: {contains: '"bye"'}}
# relogin: {ws: '{"type":"login","user":"{{.user.id}}"}', ready: {contains: '"ready"'}}
# revoke:  {http: {post: http://127.0.0.1:8080/revoke, json: {user: "{{.user.id}}"}}}
# resume:  {query: {resume: "{{.session}}:{{.since}}"}, session: '"session":"(.+?)"', since: '"n":(\d+)'}
`
