// Package dashboard shows a load test while it runs: the report page, served on
// loopback and kept up to date over a WebSocket of wsmig's own runtime. It opens
// nothing by itself and ends with the run.
//
// The address holds a random part, so that other users of the machine, and pages
// of other sites in the same browser, can't read what the evidence shows.
package dashboard
