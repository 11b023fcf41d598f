// Package billing issues invoices and keeps their owners informed.
package billing

import (
	"errors"
	"time"
)

// Owner is who pays.
type Owner struct {
	ID string `json:"id"`
}

// Invoice is one demand for payment.
type Invoice struct {
	Owner Owner  `json:"owner"`
	Text  string `json:"text"`
	Cents int    `json:"cents"`
}

// Gateway takes the money.
type Gateway interface {
	// Authorize reserves the amount of inv and returns the reference of the bank.
	Authorize(inv Invoice) (string, error)
}

// Sandbox is the gateway of test installations: it answers as late as a bank
// does on a good day and refuses negative amounts.
type Sandbox struct {
	Latency time.Duration
}

// Authorize implements Gateway.
func (s Sandbox) Authorize(inv Invoice) (string, error) {
	time.Sleep(s.Latency)
	if inv.Cents < 0 {
		return "", errors.New("billing: negative amount")
	}
	return "sandbox", nil
}
