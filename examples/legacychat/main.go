// Legacychat is a small chat and notification server.
package main

import (
	"cmp"
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"example.com/legacychat/internal/billing"
	"example.com/legacychat/internal/server"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:"+cmp.Or(os.Getenv("PORT"), "8080"), "address to listen on")
	latency := flag.Duration("bank-latency", 3*time.Millisecond, "how long the sandbox bank takes to answer")
	flag.Parse()

	srv := &http.Server{
		Addr:              *addr,
		Handler:           server.New(billing.Sandbox{Latency: *latency}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	log.Printf("listening on http://%s", *addr)
	log.Fatal(srv.ListenAndServe())
}
