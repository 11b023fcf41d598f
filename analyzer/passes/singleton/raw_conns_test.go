package singleton_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/driver"
	"github.com/wsmig/wsmig/analyzer/findings"
)

// rawConns is a program with an event loop's plain connections: in one package the
// protocol is spoken over them, in another they carry something else. The registry of
// the first lies in a package that imports neither library.
const rawConns = `
-- go.mod --
module example.com/raw

go 1.26

require (
	github.com/gobwas/ws v1.4.0
	github.com/panjf2000/gnet/v2 v2.5.0
)

replace (
	github.com/gobwas/ws => ./ws
	github.com/panjf2000/gnet/v2 => ./gnet
)
-- ws/go.mod --
module github.com/gobwas/ws
-- ws/ws.go --
package ws

func Frame(b []byte) []byte { return b }
-- gnet/go.mod --
module github.com/panjf2000/gnet/v2
-- gnet/gnet.go --
package gnet

type Conn interface {
	AsyncWrite(b []byte, done func(Conn) error) error
	Close() error
}
-- wire/wire.go --
package wire

import (
	"github.com/gobwas/ws"
	"github.com/panjf2000/gnet/v2"
)

type Client struct {
	ID   string
	conn gnet.Conn
}

func (c *Client) Push(b []byte) error { return c.conn.AsyncWrite(ws.Frame(b), nil) }
-- hub/hub.go --
package hub

import "example.com/raw/wire"

type Hub struct{ clients map[string]*wire.Client }

var Default = &Hub{clients: map[string]*wire.Client{}}

func (h *Hub) Add(c *wire.Client) { h.clients[c.ID] = c }

func (h *Hub) Tell(user string, b []byte) {
	if c, ok := h.clients[user]; ok {
		c.Push(b)
	}
}
-- relay/relay.go --
package relay

import "github.com/panjf2000/gnet/v2"

var backends = map[string]gnet.Conn{}

func Add(name string, c gnet.Conn) { backends[name] = c }

func Forward(name string, b []byte) error { return backends[name].AsyncWrite(b, nil) }
-- main.go --
package main

import (
	"example.com/raw/hub"
	"example.com/raw/relay"
)

func main() {
	hub.Default.Tell("u1", nil)
	relay.Forward("one", nil)
}
`

func TestPlainConnectionsBesideTheProtocol(t *testing.T) {
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(rawConns)).Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, f.Data, 0o600))
	}
	result, err := driver.Lint(t.Context(), &driver.Config{Dir: dir, Patterns: []string{"./..."}})
	require.NoError(t, err)
	require.Empty(t, result.Stats.PackagesFailed)
	var warned []string
	for _, s := range result.Singletons {
		if s.Severity == findings.Warning {
			warned = append(warned, s.Package+"."+s.Name)
			require.Equal(t, map[findings.Role]int{findings.UserSend: 1}, s.Uses)
		}
	}
	require.Equal(t, []string{"example.com/raw/hub.Default"}, warned)
}
