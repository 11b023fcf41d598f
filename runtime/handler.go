package runtime

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// Authenticator tells which user a request comes from. An error refuses the client with 401; one that wraps
// [ErrRevoked] with 403, one that wraps [ErrLimit] with 429: so does an authenticator that counts attempts. The
// request's context ends with HandshakeTimeout.
type Authenticator func(*http.Request) (UserID, error)

// Handler serves WebSocket clients: it authenticates, upgrades and attaches each to its user. It returns when the
// connection is ready or refused; the connection then lives on its own. A subprotocol or cookies that are set on the
// response's header before are part of the answer. Without an Authenticator it panics: there is no anonymous user.
func (f *Factory) Handler(auth Authenticator) http.Handler {
	if auth == nil {
		panic("wsmig: Handler needs an Authenticator")
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := f.accept(w, r, auth); err != nil {
			f.opts.Logger.Debug("wsmig: handshake refused", "error", err)
		}
	})
}

// Serve is for servers that authenticated the request themselves: it upgrades and attaches the client to user. It
// returns when the connection is ready, which then lives on its own, or with an error when it was refused: a
// [*HandshakeError] before the upgrade, the reason itself after it (what OnConnect returned, [ErrRevoked]). The client
// has been answered in all cases. A Revoke after the start of the call is seen, one before it is the caller's to see.
func (f *Factory) Serve(w http.ResponseWriter, r *http.Request, user UserID) error {
	return f.accept(w, r, func(*http.Request) (UserID, error) { return user, nil })
}

// handshake is one client on its way in.
type handshake struct {
	f        *Factory
	w        http.ResponseWriter
	r        *http.Request   // its context ends with the handshake
	base     context.Context // the request's own, without its end
	user     UserID
	since    uint64 // revocations before it don't matter
	deadline time.Time
	device   string
	conn     *Conn
	lingers  bool // a goroutine still waits for the refused client
}

func (f *Factory) accept(w http.ResponseWriter, r *http.Request, auth Authenticator) error {
	h := &handshake{f: f, w: w, base: context.WithoutCancel(r.Context()), since: f.revocations.Load(), deadline: time.Now().Add(f.opts.HandshakeTimeout)}
	ctx := &handshakeContext{Context: r.Context(), by: h.deadline}
	defer ctx.end()
	h.r = r.WithContext(ctx)
	if !f.life.enter() {
		return h.refuse(http.StatusServiceUnavailable, errDraining)
	}
	if status, err := h.run(auth); err != nil {
		if !h.lingers {
			f.life.leave()
		}
		return h.refuse(status, err)
	}
	return nil
}

// run takes the client through the states. Each step undoes itself when it fails.
func (h *handshake) run(auth Authenticator) (status int, err error) {
	switch {
	case h.r.ProtoMajor >= 2:
		return http.StatusHTTPVersionNotSupported, errHTTP2
	case !websocket.IsWebSocketUpgrade(h.r):
		return http.StatusBadRequest, errNotWebSocket
	}
	if !h.f.originAllowed(h.r) {
		return http.StatusForbidden, errOrigin
	}
	if status, err = h.authenticate(auth); err != nil {
		return status, err
	}
	if h.conn, err = h.f.reserve(h); err != nil {
		return statusOf(err), err
	}
	if err = h.upgrade(); err != nil {
		h.conn.abandon()
		return 0, err
	}
	return 0, h.bind()
}

func (h *handshake) authenticate(auth Authenticator) (int, error) {
	var user UserID
	var err error
	if perr := h.f.guard("Authenticator", func() { user, err = auth(h.r) }); perr != nil {
		return http.StatusInternalServerError, perr
	}
	if err == nil {
		err = user.Validate()
	}
	if err == nil {
		h.user = user
		err = h.r.Context().Err()
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrRevoked):
		return http.StatusForbidden, err
	case errors.Is(err, ErrLimit):
		return http.StatusTooManyRequests, err
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, err
	default:
		return http.StatusUnauthorized, fmt.Errorf("%w: %w", errUnauthorized, err)
	}
	h.device = strings.Clone(queryParam(h.r, "device"))
	if h.device != "" {
		if err := checkID("device", h.device); err != nil {
			return http.StatusBadRequest, err
		}
	}
	return 0, h.f.inject("authenticated")
}

// queryParam gets a parameter of the request. Most have none, and need not be parsed.
func queryParam(r *http.Request, name string) string {
	if !strings.Contains(r.URL.RawQuery, name) && !strings.Contains(r.URL.RawQuery, "%") {
		return ""
	}
	return r.URL.Query().Get(name)
}

func (f *Factory) originAllowed(r *http.Request) bool {
	if f.opts.CheckOrigin != nil {
		allowed := false
		err := f.guard("CheckOrigin", func() { allowed = f.opts.CheckOrigin(r) })
		return err == nil && allowed
	}
	origin := r.Header.Values("Origin")
	if len(origin) == 0 {
		return true
	}
	u, err := url.Parse(origin[0])
	return err == nil && len(origin) == 1 && strings.EqualFold(u.Host, r.Host)
}

func statusOf(err error) int {
	var limit *LimitError
	switch {
	case errors.Is(err, ErrRevoked):
		return http.StatusForbidden
	case errors.As(err, &limit) && limit.Limit == "MaxConnsPerUser":
		return http.StatusTooManyRequests
	}
	return http.StatusServiceUnavailable
}

// refuse answers a client that is turned away. A status of 0 says that the answer has been given.
func (h *handshake) refuse(status int, err error) error {
	h.f.refused.Add(1)
	h.f.observe(func(o Observer) { o.Refused(h.user, err) })
	switch {
	case status == 0:
		return err
	case h.f.opts.RejectAfterUpgrade && websocket.IsWebSocketUpgrade(h.r):
		h.refuseByFrame(status)
	default:
		if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
			h.w.Header().Set("Retry-After", "1")
		}
		http.Error(h.w, refusalText(status, err), status)
	}
	return &HandshakeError{Status: status, Err: err}
}

// refusalText is what the client is told: the status, and what it did wrong if that is the protocol's matter. Errors of
// the application stay inside.
func refusalText(status int, err error) string {
	if err == errHTTP2 || err == errNotWebSocket {
		return strings.TrimPrefix(err.Error(), "wsmig: ")
	}
	return http.StatusText(status)
}

// refuseByFrame upgrades only to close: browsers show a close code to their scripts, but no HTTP status.
func (h *handshake) refuseByFrame(status int) {
	up := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }, HandshakeTimeout: time.Until(h.deadline)}
	ws, err := up.Upgrade(h.w, h.r, nil)
	if err != nil {
		return
	}
	defer ws.Close()
	code := closePolicy
	switch status {
	case http.StatusServiceUnavailable:
		code = closeTryAgain
	case http.StatusInternalServerError:
		code = closeInternal
	}
	if err := ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, http.StatusText(status)), h.deadline); err != nil {
		h.f.opts.Logger.Debug("wsmig: refusal", "error", err)
	}
}
