package corpus

import (
	"bytes"
	"slices"
	"sync"

	"github.com/gorilla/websocket"

	"github.com/wsmig/wsmig/loadtest/target/corpus/internal/chat"
)

// What is sent is longer than what was written: Cloudbleed put other sites'
// memory behind an answer, and Ethernet drivers padded short frames with whatever
// the buffer had held (CVE-2003-0001).
var m08 = mechanism{
	number: "M08", name: "dirty-tail",
	what:    "records are padded to whole blocks in a pooled buffer that still holds an earlier, longer event",
	instead: "the padding is zeroed",
	format:  chat.Records, auth: chat.ByHeader, ready: chat.RecordsReady,
	emit: []string{chat.RecordsSend, chat.RecordsPut},
	more: []string{chat.RecordsRequest, chat.RecordsLogout},
	wire: func(s *chat.Service, fixed bool) {
		p := &padder{Directory: chat.NewDirectory(s.Format), fixed: fixed}
		p.pool.New = func() any { return new([]byte) }
		s.Hub = p
	},
}

// block hides from an observer of the line how long a message is.
const block = 512

type padder struct {
	*chat.Directory
	fixed bool
	pool  sync.Pool
}

func (p *padder) Deliver(to string, ev *chat.Event) bool {
	buf := p.pool.Get().(*[]byte)
	defer p.pool.Put(buf)
	record := chat.AppendRecord((*buf)[:0], ev.Kind, ev.From, ev.Text)
	whole := (len(record) + block - 1) / block * block
	*buf = slices.Grow(record, whole-len(record))[:whole]
	if p.fixed {
		clear((*buf)[len(record):])
	}
	return p.DeliverFrame(to, chat.Frame{Kind: websocket.BinaryMessage, Data: bytes.Clone(*buf)})
}
