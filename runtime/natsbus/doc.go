// Package natsbus joins the nodes of one deployment through NATS JetStream: any number of processes behind any load
// balancer deliver to their users as one factory would.
//
//	bus, err := natsbus.New(ctx, &natsbus.Options{URL: "nats://nats:4222", Replicas: 3})
//	f, err := wsruntime.NewFactory(&wsruntime.Options{Bus: bus})
//	...
//	err = f.Shutdown(ctx)
//	err = bus.Close()
//
// A server inside the program is in the module of its own runtime/natsbus/embedded.
package natsbus
