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
// Six runs of the tests in runtime/natsbus/embedded (WSMIG_FAULT_TABLE=FILE go test -run TestFault) on a busy machine of
// two cores, with six to forty users and mostly three nodes, gave, with nothing lost silently, doubled, reordered or
// crossed in any, and the same with the race detector:
//
//	fault                           acknowledged  delivered  gaps told  recovery
//	node killed                            2,035      2,035          0  0.04 to 0.25 s
//	NATS follower killed                   8,333      8,333          0  0.06 to 5.6 s
//	NATS leader killed                     4,054      4,054          0  4.8 to 9.6 s, an election
//	leader steps down (18 times)           5,281      5,281          0  0.3 to 2.1 s
//	partition of one server                8,151      8,151          0  0.01 to 6.5 s, with CutOff 2 s
//	slow consumer                          6,352      6,352          0  0 to 0.6 s
//	server process killed, on disk         2,764      2,764          0  1.1 to 1.2 s, with its restart
//	server process stands still            1,983      1,983          0  0.02 to 0.3 s after it goes on
//	all of NATS lost its memory            5,548      3,704         36  5.6 to 9.1 s after the restart; a gap for each user
//	all clients reconnect                 15,144     15,144          0  0.3 to 2 s
//
// # Cost
//
// Per event delivered, 128 bytes to one user, by way of another node where there are several; nodes and clients are one
// process, the broker is another, on a quiet machine of two cores (runtime/natsbus/peerbench; the latency is at 2,000
// events a second). Centrifuge with Redis keeps a history too, and tells its publisher when it has; on plain NATS it keeps
// none and loses what nobody hears. Where it is enough, or Redis is there anyway, those are cheaper.
//
//	                      nodes  users  delivered/s  p50/p99 us  CPU us  broker's CPU us
//	no bus                    1    100      138,704      26/233     5.8                0
//	no bus                    1  1,000       57,740      32/849    12.6                0
//	natsbus                   1    100       14,586   418/4,169    56.1             32.2
//	natsbus                   1  1,000        9,897  466/13,163    59.9             41.1
//	natsbus                   3    100        9,980  516/15,999    58.1             32.4
//	natsbus                   3  1,000        6,838  556/12,970    71.2             48.2
//	centrifuge, Redis         1    100        9,589   347/4,893    40.8             17.7
//	centrifuge, Redis         1  1,000       11,599   337/2,880    52.9             19.8
//	centrifuge, Redis         3    100       10,051  432/25,491    50.2             19.5
//	centrifuge, Redis         3  1,000       11,299   304/1,644    62.6             24.7
//	centrifuge, plain NATS    1  1,000       43,171  403/85,179    18.3              3.3
//	centrifuge, plain NATS    3  1,000       51,059   229/1,456    17.7              3.4
//
// How it grows, from runs on the same machine while it was busy, so only CPU time and memory count: with users hardly (54
// and 32 us at 250 users, 58 and 41 at 8,000, one node); with nodes by what it takes to ask who is there, once a second
// and user (84 and 53 us at two nodes, 96 and 60 at four, 250 users); a room's event is one write whatever its members
// (1,000 users on three nodes: 17 us a delivery, and 1.2 of the broker's, with 100 in a room; 30 and 6.5 with ten). The
// NATS server had 2.8 KB more per user at 250 users, 1.7 at 4,000 and 1.4 at 8,000; on the node a subscription was lost in
// the noise of what a connection costs.
//
// # Capacity
//
// This is a model on paper, from those figures and the following assumptions; measure before you buy machines.
//
// A million connections of as many users on 20 nodes are 50,000 a node. An idle connection costs the runtime 3.1 KB, and
// we assume 1 KB for its subscription on the node: 0.2 GB a node. Each NATS server that the interest reaches, in a cluster
// all of them, has 1.4 KB per user: 1.4 GB. The history itself holds rate x size x ResumeTTL: 20,000 events a second of
// 400 bytes stored, over 2 minutes, are 0.96 GB for each replica; set MaxBytes to that, and ResumeTTL down before MaxBytes
// up.
//
// Every event is one write to the one stream, which its leader takes in order: that is the ceiling of a deployment,
// whatever the number of nodes. At 32 to 48 us an event one core of the leader is full at 20,000 to 30,000 events a
// second, with one replica; replication costs the leader more, which we have not measured apart. Beyond it shard users
// over several deployments by Prefix. The nodes' 56 to 71 us, clients included, make 14,000 to 18,000 events a second and
// core, so for 20,000 two cores among all nodes. Reading scales with nodes, since only interested ones get an event. A
// broadcast is one write, and a delivery on every node.
//
// Connecting costs a fence, which those who wait share, and resuming two or three requests to the stream's leader besides:
// 700 to 3,000 new connections a second on two cores, with their clients and the server. A node's 50,000 clients that come
// back to the others need a minute or more, so let them come back with jitter. Revoke, Join of a user on several nodes,
// and Leave cost a message to and from every node: do not do them per event.
package natsbus
