package runtime

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
)

func enumName(i int, names ...string) string {
	if i >= 0 && i < len(names) {
		return names[i]
	}
	return strconv.Itoa(i)
}

// resolve copies o, fills in the defaults and refuses what can't be meant.
func (o *Options) resolve() (Options, error) {
	var r Options
	if o != nil {
		r = *o
	}
	if err := r.check(); err != nil {
		return r, err
	}
	count(&r.MaxUsers, 100_000)
	count(&r.MaxConns, 100_000)
	count(&r.MaxConnsPerUser, 20)
	count(&r.QueueEvents, 1024)
	count(&r.QueueBytes, 1<<20)
	count(&r.MaxEventBytes, min(1<<20, r.QueueBytes))
	count(&r.MaxInboundBytes, 64<<10)
	if r.InboundRate == 0 {
		r.InboundRate = 1000
	}
	if r.ResumeEvents == 0 {
		r.ResumeEvents = 128
	}
	count(&r.ResumeBytes, 256<<10)
	span(&r.ResumeTTL, 2*time.Minute)
	span(&r.IdleTTL, 15*time.Minute)
	span(&r.PingInterval, 25*time.Second)
	span(&r.PongWait, 10*time.Second)
	span(&r.HandshakeTimeout, 10*time.Second)
	span(&r.WriteTimeout, 10*time.Second)
	span(&r.DrainTimeout, 5*time.Second)
	pinged := max(r.PingInterval, 0)
	span(&r.HealthDegraded, pinged+r.PongWait/2)
	span(&r.HealthUnhealthy, max(pinged+r.PongWait, r.HealthDegraded))
	if r.Logger == nil {
		r.Logger = slog.Default()
	}
	if r.MaxEventBytes > r.QueueBytes {
		return r, fmt.Errorf("wsmig: MaxEventBytes %d is over QueueBytes %d: such an event could never be queued", r.MaxEventBytes, r.QueueBytes)
	}
	if r.HealthUnhealthy < r.HealthDegraded {
		return r, fmt.Errorf("wsmig: HealthUnhealthy %v is under HealthDegraded %v", r.HealthUnhealthy, r.HealthDegraded)
	}
	return r, nil
}

func (o *Options) check() error {
	var errs []error
	positive := func(name string, v int) {
		if v < 0 {
			errs = append(errs, fmt.Errorf("wsmig: %s is %d, it can't be unbounded", name, v))
		}
	}
	positive("QueueEvents", o.QueueEvents)
	positive("QueueBytes", o.QueueBytes)
	positive("MaxEventBytes", o.MaxEventBytes)
	positive("MaxInboundBytes", o.MaxInboundBytes)
	positive("ResumeBytes", o.ResumeBytes)
	positive("ResumeTTL", int(o.ResumeTTL))
	positive("PongWait", int(o.PongWait))
	positive("HandshakeTimeout", int(o.HandshakeTimeout))
	positive("WriteTimeout", int(o.WriteTimeout))
	positive("DrainTimeout", int(o.DrainTimeout))
	positive("HealthDegraded", int(o.HealthDegraded))
	positive("HealthUnhealthy", int(o.HealthUnhealthy))
	if math.IsNaN(o.InboundRate) {
		errs = append(errs, errors.New("wsmig: InboundRate is not a number"))
	}
	if o.AtLimit > EvictOldest {
		errs = append(errs, fmt.Errorf("wsmig: AtLimit %v is not a policy", o.AtLimit))
	}
	if o.Overflow > Disconnect {
		errs = append(errs, fmt.Errorf("wsmig: Overflow %v is not a policy", o.Overflow))
	}
	if o.Framing > Raw {
		errs = append(errs, fmt.Errorf("wsmig: Framing %v is not a framing", o.Framing))
	}
	return errors.Join(errs...)
}

// count sets the default for 0 and the greatest number for what is below: a bound that is never reached.
func count(v *int, def int) {
	switch {
	case *v == 0:
		*v = def
	case *v < 0:
		*v = math.MaxInt
	}
}

// span sets the default for 0 and leaves what is below 0, which means never.
func span(v *time.Duration, def time.Duration) {
	if *v == 0 {
		*v = def
	}
}
