package chat

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
)

// backendRounds is what an answer costs: some 100 microseconds.
const backendRounds = 400

// Backend is a service on loopback that answers each line of a connection, in
// order, with a checksum and the line itself. It does real work for an answer.
type Backend struct {
	lobby   *Lobby
	address string
	rounds  int
}

// NewBackend starts a back end that stops with the lobby.
func NewBackend(l *Lobby) (*Backend, error) { return newBackend(l, backendRounds) }

func newBackend(l *Lobby, rounds int) (*Backend, error) {
	ln, err := (&net.ListenConfig{}).Listen(l.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	b := &Backend{lobby: l, address: ln.Addr().String(), rounds: rounds}
	if !l.enter(ln) {
		return nil, errors.Join(net.ErrClosed, ln.Close())
	}
	l.Go(func(context.Context) { b.accept(ln) })
	return b, nil
}

func (b *Backend) accept(ln net.Listener) {
	defer b.lobby.leave(ln)
	for {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		if !b.lobby.enter(conn) {
			_ = conn.Close() // nobody was promised an answer
			return
		}
		b.lobby.Go(func(context.Context) { b.serve(conn) })
	}
}

func (b *Backend) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }() // it may be closed already
	defer b.lobby.leave(conn)
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		sum := sha256.Sum256(lines.Bytes())
		for range b.rounds {
			sum = sha256.Sum256(sum[:])
		}
		if _, err := fmt.Fprintf(conn, "%s %s\n", hex.EncodeToString(sum[:4]), lines.Bytes()); err != nil {
			return
		}
	}
}

// Line is a connection to the back end: one question at a time.
type Line struct {
	net.Conn
	answers *bufio.Reader
	lobby   *Lobby
}

// Dial opens a connection.
func (b *Backend) Dial() (*Line, error) {
	conn, err := (&net.Dialer{}).DialContext(b.lobby.Context(), "tcp", b.address)
	if err != nil {
		return nil, err
	}
	line := &Line{Conn: conn, answers: bufio.NewReader(conn), lobby: b.lobby}
	if !b.lobby.enter(line) {
		return nil, errors.Join(net.ErrClosed, line.Close())
	}
	return line, nil
}

// Close ends the connection.
func (l *Line) Close() error {
	l.lobby.leave(l)
	return l.Conn.Close()
}

// Ask asks one question, which must have no line end in it.
func (l *Line) Ask(question string) error {
	_, err := fmt.Fprintf(l.Conn, "%s\n", question)
	return err
}

// Answer reads one answer.
func (l *Line) Answer() (string, error) {
	text, err := l.answers.ReadString('\n')
	if err != nil {
		return "", err
	}
	return text[:len(text)-1], nil
}
