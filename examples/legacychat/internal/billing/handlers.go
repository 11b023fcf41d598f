package billing

import (
	"encoding/json"
	"log"
	"net/http"

	"example.com/legacychat/internal/realtime"
)

// Service handles the billing endpoints.
type Service struct {
	gateway Gateway
	ws      *realtime.Manager
}

// NewService returns a service that charges through gateway.
func NewService(gateway Gateway) *Service {
	s := &Service{gateway: gateway}
	s.ws = realtime.GetManager()
	return s
}

// Issue handles POST /billing/invoice: the owner learns of the new invoice.
func (s *Service) Issue(w http.ResponseWriter, r *http.Request) {
	inv, ok := decode(w, r)
	if !ok {
		return
	}
	msg := realtime.Message{Type: "invoice", Text: inv.Text, Data: inv.Cents}
	if err := realtime.GetManager().SendToUser(inv.Owner.ID, msg); err != nil {
		log.Printf("billing: invoice for %s: %v", inv.Owner.ID, err)
	}
	w.WriteHeader(http.StatusAccepted)
}

// Charge handles POST /billing/charge and reports each step to the owner.
func (s *Service) Charge(w http.ResponseWriter, r *http.Request) {
	inv, ok := decode(w, r)
	if !ok {
		return
	}
	defer s.ws.SendToUser(inv.Owner.ID, realtime.Message{Type: "charge.done"})

	s.ws.SetUser(inv.Owner.ID)
	s.ws.Emit("charge.started", inv.Cents)
	reference, err := s.gateway.Authorize(inv)
	if err != nil {
		s.ws.Emit("charge.failed", err.Error())
		http.Error(w, "payment failed", http.StatusPaymentRequired)
		return
	}
	s.ws.Emit("charge.receipt", receipt{Reference: reference, Text: inv.Text, Cents: inv.Cents})
	w.WriteHeader(http.StatusAccepted)
}

type receipt struct {
	Reference string `json:"reference"`
	Text      string `json:"text"`
	Cents     int    `json:"cents"`
}

func decode(w http.ResponseWriter, r *http.Request) (Invoice, bool) {
	var inv Invoice
	if err := json.NewDecoder(r.Body).Decode(&inv); err != nil || inv.Owner.ID == "" {
		http.Error(w, "malformed invoice", http.StatusBadRequest)
		return inv, false
	}
	return inv, true
}
