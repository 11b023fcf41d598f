// Package natsbus joins the nodes of one deployment through NATS JetStream: any number of processes behind any load
// balancer deliver to their users as one factory would.
//
//	bus, err := natsbus.New(ctx, &natsbus.Options{URL: "nats://nats:4222", Replicas: 3})
//	f, err := wsruntime.NewFactory(&wsruntime.Options{Bus: bus})
//	...
//	err = f.Shutdown(ctx)
//	err = bus.Close()
//
// A server inside the program is in the module of its own runtime/natsbus/embedded. A whole deployment is in
// examples/cluster.
//
// # What is promised
//
// An Emit that returns nil (or ErrNoConnection) is stored, on as many NATS servers as there are Replicas; it is sent
// again under one id until it is, so it is stored once. What is stored reaches every node that has a connection of its
// user, in the order of the history, once, or the client is told of a gap. An Emit that returns another error was not
// acknowledged: it may have been stored all the same. When the last node that had the user's connections is another one,
// ErrNoConnection may come a second late. The numbers of one user's events grow but have holes, since all
// users share one history; a client that resumes, on whatever node, gets what it missed within the factory's bounds
// (ResumeEvents, ResumeBytes, ResumeTTL) and a gap frame for the rest. A ready frame with another epoch than the client
// had says that NATS lost its history: nothing of the old one comes any more.
//
// Subjects have a hash of the user's id, never the id, so that no id can widen one; the id itself is in the message and
// is compared where it arrives, and again where bytes are written to a connection. Who may publish on the bus's subjects
// may send anything to anybody: give the NATS account to the nodes alone. A user of that account needs no more than
//
//	publish: ["wsmig.>", "_INBOX.>", "$JS.API.STREAM.*.wsmig", "$JS.API.STREAM.MSG.GET.wsmig", "$JS.API.CONSUMER.*.wsmig.>", "$JS.API.CONSUMER.MSG.NEXT.wsmig.>"]
//	subscribe: ["wsmig.>", "_INBOX.>"]
//
// with its own Prefix for wsmig. TLS and what a user has to show (a creds file, an nkey, a password, a token, a client's
// certificate) go into [Options.NATS]; a node that the servers refuse does not start and says which of it they refused.
//
// Revoke returns when every node that lives has closed the user's connections. A node that crashes meanwhile has closed
// them by crashing; who revokes can't tell that from a node that is cut off from NATS, so Revoke returns an
// [UnconfirmedError] after [Options.ControlTimeout], until the silent node is given up ([Options.CutOff] and two seconds
// after its last beat). Nothing need be done about it: the other nodes have obeyed, a node that is cut off closes its
// clients within CutOff and reads the revocation before it opens again, and a node that was started again knows of no
// connection; what the user was sent before is gone from the history, and a client that resumes is told so. When the node
// that revokes crashes itself before Revoke returns, either the revocation is in the history, and all nodes obey, or
// nothing has happened but at the node that is gone: revoke again. As on one node, what keeps the user from coming back is
// the authenticator.
//
// A room's events are told as a gap to who resumes, not replayed: the history does not know who was a member when. With a
// bus, the policy Block can't hold up an emitter on another node: a full queue loses its oldest event, and the client is
// told. A client that was connected without an event for longer than ResumeTTL and whose node died may be told of a gap in
// which there was nothing.
//
// # Trouble
//
// A node raises a fence (a message to itself by way of the history) to know from which place on it misses nothing. When
// something may have passed it by (a lost connection, a full buffer, another leader of the stream, a hole in a user's
// numbers) it holds what comes, reads what is stored between the last place beyond doubt and a new fence, and goes on.
// Three runs of the tests in runtime/natsbus/embedded on a busy machine of two cores, with six to forty users and three
// nodes, gave, with nothing lost silently, doubled, reordered or crossed in any:
//
//	fault                       acknowledged  delivered  gaps told  recovery
//	node killed                        1,019      1,019          0  0.07 to 0.15 s
//	NATS follower killed               3,176      3,176          0  0.02 to 5.6 s
//	NATS leader killed                 2,857      2,857          0  5.2 to 7.6 s, an election
//	leader steps down (9 times)        1,855      1,855          0  1.1 s
//	partition of one server            4,285      4,285          0  2.2 to 3.1 s, with CutOff 2 s
//	slow consumer                      4,832      4,832          0  0.04 to 0.5 s
//	all of NATS lost its memory        2,180      1,430         18  6.4 to 7.4 s after the restart; a gap for each user
//	all clients reconnect              7,322      7,322          0  0.7 to 2 s
//
// # Capacity
//
// This is a model on paper, from measured parts and the following assumptions; measure before you buy machines.
//
// A million connections of as many users on 20 nodes are 50,000 a node. An idle connection costs the runtime about
// 5.3 KB and a goroutine, and we assume 0.5 KB for a subscription, on the node and again on each NATS server that its
// interest reaches: 0.3 GB a node, and 0.5 GB for a million subjects on each of the servers, plus, assumed, 0.2 GB for
// the history's index of subjects. The history itself holds rate x size x ResumeTTL: 20,000 events a second of 400 bytes stored, over
// 2 minutes, are 0.96 GB for each replica; set MaxBytes to that, and ResumeTTL down before MaxBytes up.
//
// Every event is one write to the one stream, which its leader takes in order: that is the ceiling of a deployment,
// whatever the number of nodes. Beyond it shard users over several deployments by Prefix. Reading scales with nodes,
// since only interested ones get an event. A broadcast is one write, and a delivery on every node. Reconnects cost two
// or three requests to the stream's leader each, and fences are shared: a whole node's 50,000 clients need minutes, not
// seconds, so let clients come back with jitter. Revoke, Join of a user on several nodes, and Leave cost a message to
// and from every node: do not do them per event.
package natsbus
