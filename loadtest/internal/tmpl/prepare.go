package tmpl

import (
	"bytes"

	"github.com/wsmig/wsmig/loadtest/canary"
)

// Prepared is a template with all values filled in but the canaries. It is
// read-only and safe for concurrent use.
type Prepared struct {
	parts  [][]byte // one more than fields
	fields []uint8

	again  *Template // set when the parts cannot be told apart or depend on the time
	values *Values
}

// Fill appends the canary of a field.
type Fill func(dst []byte, field uint8) []byte

// Prepare fills in the values. They must not change afterwards.
func (t *Template) Prepare(v *Values) (*Prepared, error) {
	if t.volatile {
		_, err := t.Render(v, func(uint8) string { return gap })
		return &Prepared{again: t, values: v}, err
	}
	var fields []uint8
	text, err := t.Render(v, func(field uint8) string { fields = append(fields, field); return gap })
	if err != nil {
		return nil, err
	}
	parts := bytes.Split(text, []byte(gap))
	if len(parts) != len(fields)+1 {
		return &Prepared{again: t, values: v}, nil // a canary went through a function such as hmac
	}
	return &Prepared{parts: parts, fields: fields}, nil
}

// gap stands where a canary will be: as long as one, of the same characters, and
// no canary.
var gap = "~gap" + string(bytes.Repeat([]byte{'0'}, canary.Len-5)) + "~"

// Append appends the text with its canaries.
func (p *Prepared) Append(dst []byte, fill Fill) ([]byte, error) {
	if p.again != nil {
		text, err := p.again.Render(p.values, func(field uint8) string { return string(fill(nil, field)) })
		return append(dst, text...), err
	}
	for i, part := range p.parts {
		dst = append(dst, part...)
		if i < len(p.fields) {
			dst = fill(dst, p.fields[i])
		}
	}
	return dst, nil
}

// Fields lists the fields that the text carries, in order; nil when they are not
// known before rendering.
func (p *Prepared) Fields() []uint8 { return p.fields }
