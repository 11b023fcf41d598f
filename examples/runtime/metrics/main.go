// Command metrics shows the factory's counters to Prometheus at /metrics, and its health to an orchestrator.
package main

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	wsruntime "github.com/wsmig/wsmig/runtime"
	"github.com/wsmig/wsmig/runtime/prom"
)

func main() {
	f, err := wsruntime.NewFactory(nil)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", routes(f)))
}

func routes(f *wsruntime.Factory) http.Handler {
	reg := prometheus.NewRegistry()
	reg.MustRegister(prom.New(f, nil))
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { health(f, w) })
	mux.Handle("/ws", f.Handler(func(r *http.Request) (wsruntime.UserID, error) {
		return wsruntime.UserID(r.URL.Query().Get("user")), nil // see auth
	}))
	return mux
}

// health fails when the factory's own clockwork stands still, or when an event ever met a foreign connection.
func health(f *wsruntime.Factory, w http.ResponseWriter) {
	s := f.Stats()
	switch {
	case time.Since(s.JanitorLastRun) > 10*time.Second:
		http.Error(w, "time-outs are not looked at", http.StatusInternalServerError)
	case s.IsolationViolations > 0:
		http.Error(w, fmt.Sprint(f.Violations()), http.StatusInternalServerError)
	default:
		fmt.Fprintln(w, "ok")
	}
}
