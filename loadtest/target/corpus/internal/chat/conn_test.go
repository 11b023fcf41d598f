package chat

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errClosed = errors.New("closed")

// pipe is a socket whose client reads from a channel.
type pipe struct {
	out  chan Frame
	done chan struct{}
	once sync.Once
}

func newPipe() *pipe { return &pipe{out: make(chan Frame), done: make(chan struct{})} }

func (p *pipe) ReadMessage() (int, []byte, error)  { <-p.done; return 0, nil, errClosed }
func (p *pipe) SetWriteDeadline(t time.Time) error { return nil }
func (p *pipe) Close() error                       { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipe) WriteMessage(kind int, data []byte) error {
	select {
	case p.out <- Frame{kind, data}:
		return nil
	case <-p.done:
		return errClosed
	}
}

func (p *pipe) next(t *testing.T) string {
	t.Helper()
	select {
	case f := <-p.out:
		return string(f.Data)
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
		return ""
	}
}

func connect(t *testing.T, l *Lobby, f Format) (*Conn, *pipe) {
	t.Helper()
	p := newPipe()
	require.True(t, l.enter(p))
	c := newConn(l, p, f, nil)
	t.Cleanup(c.end)
	return c, p
}

func lobby(t *testing.T) *Lobby {
	l := NewLobby(t.Context())
	t.Cleanup(func() { require.NoError(t, l.Stop()) })
	return l
}

func TestWhatIsPushedComesInOrder(t *testing.T) {
	c, p := connect(t, lobby(t), Lines)
	c.Become("a", &Event{Kind: Ready, From: "a"})
	for i := range 100 {
		c.Push(&Event{Kind: Message, Text: fmt.Sprint(i)})
	}
	require.Equal(t, "ready|a|", p.next(t))
	for i := range 100 {
		require.Equal(t, fmt.Sprintf("msg||%d", i), p.next(t))
	}
}

func TestPushToAsksWhoseTheConnectionIs(t *testing.T) {
	c, p := connect(t, lobby(t), Lines)
	c.Introduce("a", &Event{Kind: Ready, From: "a"}, func() {})
	require.False(t, c.PushTo("b", &Event{Kind: Message, Text: "for b"}))
	require.True(t, c.PushTo("a", &Event{Kind: Message, Text: "for a"}))
	require.Equal(t, "ready|a|", p.next(t))
	require.Equal(t, "msg||for a", p.next(t))
}

func TestNothingReachesAClientBeforeItIsIntroduced(t *testing.T) {
	c, p := connect(t, lobby(t), Lines)
	published := make(chan struct{})
	go func() {
		<-published
		c.Push(&Event{Kind: Message, Text: "early"})
	}()
	c.Introduce("a", &Event{Kind: Ready, From: "a"}, func() { close(published) })
	require.Equal(t, "ready|a|", p.next(t))
	require.Equal(t, "msg||early", p.next(t))
}

func TestCloseIsTheLast(t *testing.T) {
	c, p := connect(t, lobby(t), Lines)
	c.Push(&Event{Kind: Bye})
	c.Close(4001, strings.Repeat("long ", 100))
	c.Push(&Event{Kind: Message, Text: "too late"})
	require.Equal(t, "bye||", p.next(t))
	f := <-p.out
	require.Equal(t, websocket.CloseMessage, f.Kind)
	require.LessOrEqual(t, len(f.Data), 125)
	<-p.done
}

func TestAClientFarBehindIsCutOff(t *testing.T) {
	c, p := connect(t, lobby(t), JSON)
	f := Frame{websocket.BinaryMessage, make([]byte, maxQueue/4)}
	for range 8 {
		c.PushFrame(f)
	}
	<-p.done
}

func TestPushWaitWaitsForRoom(t *testing.T) {
	c, p := connect(t, lobby(t), Lines)
	frame := func(text string) Frame { return Frame{websocket.TextMessage, []byte(text)} }
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 6 {
			c.PushWait(frame(fmt.Sprint(i)), 2)
		}
	}()
	for i := range 6 {
		require.Equal(t, fmt.Sprint(i), p.next(t))
	}
	<-done
}

func TestPushWaitEndsWithTheConnection(t *testing.T) {
	c, p := connect(t, lobby(t), Lines)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 5 {
			c.PushWait(Frame{websocket.TextMessage, nil}, 1)
		}
	}()
	p.next(t)
	require.NoError(t, p.Close())
	<-done
}

func TestLaterRunsOneAfterTheOther(t *testing.T) {
	c, _ := connect(t, lobby(t), Lines)
	out := make(chan int, 10)
	for i := range 10 {
		c.Later(func(ctx context.Context) {
			require.NoError(t, ctx.Err())
			out <- i
		})
	}
	for i := range 10 {
		require.Equal(t, i, <-out)
	}
}

func TestDirectoryIsExact(t *testing.T) {
	l := lobby(t)
	d := NewDirectory(Lines)
	a, pa := connect(t, l, Lines)
	b, pb := connect(t, l, Lines)
	d.Bind(a, "a", &Event{Kind: Ready, From: "a"})
	d.Bind(b, "A", &Event{Kind: Ready, From: "A"})
	require.True(t, d.Deliver("a", &Event{Kind: Message, Text: "1"}))
	require.False(t, d.Deliver("", &Event{Kind: Message, Text: "2"}))
	require.True(t, d.Deliver("A", &Event{Kind: Message, Text: "3"}))
	d.Bind(a, "c", &Event{Kind: Ready, From: "c"}) // a's socket is c's now
	require.False(t, d.Deliver("a", &Event{Kind: Message, Text: "4"}))
	d.Kick("A", "go")
	require.False(t, d.Deliver("A", &Event{Kind: Message, Text: "5"}))
	require.Empty(t, b.User())
	var all []string
	d.Each(func(c *Conn) { all = append(all, c.User()) })
	require.Equal(t, []string{"c"}, all)
	for _, want := range []string{"ready|a|", "msg||1", "ready|c|"} {
		require.Equal(t, want, pa.next(t))
	}
	require.Equal(t, "ready|A|", pb.next(t))
	require.Equal(t, "msg||3", pb.next(t))
	require.Contains(t, pb.next(t), "go")
}

// TestNothingPassesHelloOrBye delivers all the time while a connection is bound
// and unbound, and looks at what its client gets.
func TestNothingPassesHelloOrBye(t *testing.T) {
	l := lobby(t)
	d := NewDirectory(Lines)
	stop := make(chan struct{})
	var senders sync.WaitGroup
	for range 2 {
		senders.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					d.Deliver("a", &Event{Kind: Message, Text: "x"})
				}
			}
		})
	}
	for range 50 {
		c, p := connect(t, l, Lines)
		d.Bind(c, "a", &Event{Kind: Ready, From: "a"})
		require.Equal(t, "ready|a|", p.next(t))
		d.Unbind(c, &Event{Kind: Bye})
		c.Push(&Event{Kind: Failed})
		for text := p.next(t); text != "bye||"; text = p.next(t) {
			require.Equal(t, "msg||x", text)
		}
		require.Equal(t, "err||", p.next(t))
	}
	close(stop)
	senders.Wait()
}

func TestRooms(t *testing.T) {
	l := lobby(t)
	r := NewRooms()
	a, pa := connect(t, l, Lines)
	b, pb := connect(t, l, Lines)
	r.Join(a, "red")
	r.Join(b, "red")
	r.Join(b, "blue")
	r.Say("red", &Event{Kind: Said, Room: "red", Text: "1"})
	r.Part(a, "red")
	r.Say("red", &Event{Kind: Said, Room: "red", Text: "2"})
	r.Leave(b)
	r.Say("blue", &Event{Kind: Said, Room: "blue", Text: "3"})
	a.Push(&Event{Kind: Bye})
	b.Push(&Event{Kind: Bye})
	for _, want := range []string{"joined|red|", "said|red|1", "parted|red|", "bye||"} {
		require.Equal(t, want, pa.next(t))
	}
	for _, want := range []string{"joined|red|", "joined|blue|", "said|red|1", "said|red|2", "bye||"} {
		require.Equal(t, want, pb.next(t))
	}
}
