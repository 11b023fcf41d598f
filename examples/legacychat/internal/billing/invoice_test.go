package billing

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestSandboxRefusesNegativeAmounts(t *testing.T) {
	if _, err := (Sandbox{}).Authorize(Invoice{Cents: -1}); err == nil {
		t.Fatal("a negative amount was authorized")
	}
	if _, err := (Sandbox{}).Authorize(Invoice{Cents: 1}); err != nil {
		t.Fatal(err)
	}
}

func TestChargeOfAbsentOwner(t *testing.T) {
	service := NewService(Sandbox{})
	for body, want := range map[string]int{
		`{"owner":{"id":"zoe"},"cents":5}`:  http.StatusAccepted,
		`{"owner":{"id":"zoe"},"cents":-5}`: http.StatusPaymentRequired,
		`{"owner":{}}`:                      http.StatusBadRequest,
		`{`:                                 http.StatusBadRequest,
	} {
		w := httptest.NewRecorder()
		service.Charge(w, httptest.NewRequest(http.MethodPost, "/billing/charge", strings.NewReader(body)))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", body, w.Code, want)
		}
	}
}
