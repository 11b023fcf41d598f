// Package notify lets other services reach users over HTTP.
package notify

import (
	"encoding/json"
	"errors"
	"log"
	"net/http"

	"example.com/legacychat/internal/realtime"
)

type request struct {
	User string `json:"user"`
	Text string `json:"text"`
}

// One handles POST /notify: a notification for one user.
func One(w http.ResponseWriter, r *http.Request) {
	req, ok := decode(w, r)
	if !ok {
		return
	}
	err := realtime.GetManager().SendToUser(req.User, realtime.Message{Type: "notification", Text: req.Text})
	switch {
	case errors.Is(err, realtime.ErrOffline):
		http.Error(w, "user is offline", http.StatusNotFound)
	case err != nil:
		log.Printf("notify: %s: %v", req.User, err)
		http.Error(w, "not delivered", http.StatusBadGateway)
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

// All handles POST /announce: the same text for everyone.
func All(w http.ResponseWriter, r *http.Request) {
	req, ok := decode(w, r)
	if !ok {
		return
	}
	realtime.GetManager().Broadcast(realtime.Message{Type: "announcement", Text: req.Text})
	w.WriteHeader(http.StatusAccepted)
}

func decode(w http.ResponseWriter, r *http.Request) (request, bool) {
	var req request
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, "malformed request", http.StatusBadRequest)
		return req, false
	}
	return req, true
}
