// Package prom shows a factory's counters to Prometheus. No label is a user's id: the number of series does not grow
// with the users, and no metric names one.
package prom

import (
	"github.com/prometheus/client_golang/prometheus"

	wsruntime "github.com/wsmig/wsmig/runtime"
)

// Collector reads the counters of one factory each time that it is scraped; between scrapes it costs nothing.
type Collector struct {
	f     *wsruntime.Factory
	plain []series
	drops *prometheus.Desc
	gates []gateSeries
}

type series struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*wsruntime.Stats) float64
}

type gateSeries struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	read func(*wsruntime.GateStats) float64
}

// New makes a collector for f; register it with a prometheus.Registerer. labels are added to every series, to tell the
// factories of one process apart; they may be nil.
func New(f *wsruntime.Factory, labels prometheus.Labels) *Collector {
	c := &Collector{f: f}
	desc := func(name, help string, variable ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("wsmig", "", name), help, variable, labels)
	}
	gauge := func(name, help string, read func(*wsruntime.Stats) float64) {
		c.plain = append(c.plain, series{desc(name, help), prometheus.GaugeValue, read})
	}
	counter := func(name, help string, read func(*wsruntime.Stats) float64) {
		c.plain = append(c.plain, series{desc(name+"_total", help), prometheus.CounterValue, read})
	}
	gauge("users", "Users that have a context now.", func(s *wsruntime.Stats) float64 { return float64(s.Users) })
	gauge("connections", "Connections now, handshakes included.", func(s *wsruntime.Stats) float64 { return float64(s.Conns) })
	gauge("connections_ready", "Connections that can receive.", func(s *wsruntime.Stats) float64 { return float64(s.ConnsReady) })
	gauge("emitters", "Emitters that are open.", func(s *wsruntime.Stats) float64 { return float64(s.EmittersActive) })
	gauge("rooms", "Rooms that have members.", func(s *wsruntime.Stats) float64 { return float64(s.Rooms) })
	gauge("resumable_users", "Absent users whose ring is kept.", func(s *wsruntime.Stats) float64 { return float64(s.Resumable) })
	gauge("events_queued", "Copies of events that wait.", func(s *wsruntime.Stats) float64 { return float64(s.Queued) })
	gauge("events_in_flight", "Copies of events that are being written.", func(s *wsruntime.Stats) float64 { return float64(s.InFlight) })
	gauge("janitor_last_run_timestamp_seconds", "When time-outs were last looked at.", func(s *wsruntime.Stats) float64 { return float64(s.JanitorLastRun.UnixNano()) / 1e9 })
	counter("emitters_created", "Emitters made.", func(s *wsruntime.Stats) float64 { return float64(s.EmittersCreated) })
	counter("contexts_created", "User contexts made.", func(s *wsruntime.Stats) float64 { return float64(s.ContextsCreated) })
	counter("contexts_closed", "User contexts ended.", func(s *wsruntime.Stats) float64 { return float64(s.ContextsClosed) })
	counter("connections_opened", "Connections that became ready.", func(s *wsruntime.Stats) float64 { return float64(s.ConnsOpened) })
	counter("connections_closed", "Connections that ended.", func(s *wsruntime.Stats) float64 { return float64(s.ConnsClosed) })
	counter("handshakes_refused", "Handshakes that were turned away.", func(s *wsruntime.Stats) float64 { return float64(s.Refused) })
	counter("events_emitted", "Copies of events emitted.", func(s *wsruntime.Stats) float64 { return float64(s.Emitted) })
	counter("events_delivered", "Copies of events written to a socket.", func(s *wsruntime.Stats) float64 { return float64(s.Delivered) })
	counter("events_replayed", "Copies that resuming clients got from the ring.", func(s *wsruntime.Stats) float64 { return float64(s.Replayed) })
	counter("writes", "Writes to sockets.", func(s *wsruntime.Stats) float64 { return float64(s.Writes) })
	counter("written_bytes", "Bytes written to sockets.", func(s *wsruntime.Stats) float64 { return float64(s.BytesWritten) })
	counter("inbound_messages", "Messages from clients.", func(s *wsruntime.Stats) float64 { return float64(s.Inbound) })
	counter("callback_panics", "Panics caught in callbacks.", func(s *wsruntime.Stats) float64 { return float64(s.Panics) })
	counter("isolation_violations", "Events that met a connection of another user and were stopped.", func(s *wsruntime.Stats) float64 { return float64(s.IsolationViolations) })
	c.drops = desc("events_dropped_total", "Copies of events that were not delivered, by reason.", "reason")
	c.describeGates(desc)
	return c
}

func (c *Collector) describeGates(desc func(name, help string, variable ...string) *prometheus.Desc) {
	add := func(name, help string, kind prometheus.ValueType, read func(*wsruntime.GateStats) float64) {
		c.gates = append(c.gates, gateSeries{desc("gate_"+name, help, "gate"), kind, read})
	}
	add("sends_total", "Sends through the gate of an old manager.", prometheus.CounterValue, func(s *wsruntime.GateStats) float64 { return float64(s.Calls) })
	add("waited_total", "Sends that waited for their turn.", prometheus.CounterValue, func(s *wsruntime.GateStats) float64 { return float64(s.Waited) })
	add("crossed_total", "Sends from inside another send that passed without a turn.", prometheus.CounterValue, func(s *wsruntime.GateStats) float64 { return float64(s.Crossed) })
	add("wait_seconds_total", "Time waited for turns.", prometheus.CounterValue, func(s *wsruntime.GateStats) float64 { return s.Wait.Seconds() })
	add("held_seconds_total", "Time that turns were held.", prometheus.CounterValue, func(s *wsruntime.GateStats) float64 { return s.Held.Seconds() })
	add("held_seconds_max", "Longest time that a turn was held.", prometheus.GaugeValue, func(s *wsruntime.GateStats) float64 { return s.MaxHeld.Seconds() })
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, s := range c.plain {
		ch <- s.desc
	}
	ch <- c.drops
	for _, s := range c.gates {
		ch <- s.desc
	}
}

// Collect implements prometheus.Collector. The figures of one scrape are one consistent look at the factory.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	stats := c.f.Stats()
	for _, s := range c.plain {
		ch <- prometheus.MustNewConstMetric(s.desc, s.kind, s.read(&stats))
	}
	for _, reason := range wsruntime.DropReasons() {
		ch <- prometheus.MustNewConstMetric(c.drops, prometheus.CounterValue, float64(stats.Dropped[reason]), string(reason))
	}
	for name, stats := range c.f.Gates() {
		for _, s := range c.gates {
			ch <- prometheus.MustNewConstMetric(s.desc, s.kind, s.read(&stats), name)
		}
	}
}
