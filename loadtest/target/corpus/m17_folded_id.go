package corpus

import (
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// Ids are made alike before they are compared, and then two users are one: Spotify
// gave accounts away in 2013, since "BIGBIRD" in superscripts became "bigbird" at
// the second look.

var m17Case = folding("case", "ids are compared in lower case and without spaces around them", chat.ByToken,
	func(id string) string { return strings.ToLower(strings.TrimSpace(id)) })

var m17Form = folding("unicode-form", "ids are brought to Unicode's compatible form (NFKC) before they are compared", chat.ByQuery,
	norm.NFKC.String)

var m17Twice = folding("decoded-twice", "ids are URL-decoded once more than they were encoded", chat.ByQuery,
	func(id string) string {
		if decoded, err := url.QueryUnescape(id); err == nil {
			return decoded
		}
		return id
	})

var m17Number = folding("number", "ids that look like numbers are compared as numbers, so that 007 is 7", chat.ByHeader,
	func(id string) string {
		if n, err := strconv.Atoi(id); err == nil {
			return strconv.Itoa(n)
		}
		return id
	})

func folding(name, what string, auth func() *chat.Auth, fold func(id string) string) mechanism {
	return mechanism{
		number: "M17", name: "folded-" + name,
		what:    what,
		instead: "ids are compared byte by byte",
		format:  chat.JSON, auth: auth, ready: chat.JSONReady,
		emit: []string{chat.JSONSend, chat.JSONNotify},
		more: []string{chat.JSONRequest, chat.JSONLogout},
		wire: func(s *chat.Service, fixed bool) {
			if !fixed {
				s.Hub = &foldingHub{Directory: chat.NewDirectory(s.Format), fold: fold}
			}
		},
	}
}

// foldingHub keeps connections by what fold makes of the user's id.
type foldingHub struct {
	*chat.Directory
	fold func(id string) string
}

func (h *foldingHub) Bind(c *chat.Conn, user string, hello *chat.Event) {
	h.Directory.Bind(c, h.fold(user), hello)
}

func (h *foldingHub) Deliver(to string, ev *chat.Event) bool {
	return h.Directory.Deliver(h.fold(to), ev)
}
