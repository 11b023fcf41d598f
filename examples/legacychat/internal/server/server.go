// Package server puts the endpoints together.
package server

import (
	"encoding/json"
	"log"
	"net/http"

	"example.com/legacychat/internal/billing"
	"example.com/legacychat/internal/chat"
	"example.com/legacychat/internal/notify"
	"example.com/legacychat/internal/realtime"
)

// New returns the handler of the whole application.
func New(gateway billing.Gateway) http.Handler {
	invoices := billing.NewService(gateway)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ws", chat.Serve)
	mux.HandleFunc("POST /notify", notify.One)
	mux.HandleFunc("POST /announce", notify.All)
	mux.HandleFunc("POST /billing/invoice", invoices.Issue)
	mux.HandleFunc("POST /billing/charge", invoices.Charge)
	mux.HandleFunc("GET /online", online)
	return mux
}

// online tells how many users are connected and, given ?user=, whether that one is.
func online(w http.ResponseWriter, r *http.Request) {
	manager := realtime.GetManager()
	answer := map[string]any{"users": manager.Online()}
	if userID := r.URL.Query().Get("user"); userID != "" {
		answer["online"] = manager.IsOnline(userID)
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		log.Printf("server: online: %v", err)
	}
}
