package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/wsmig/wsmig/loadtest/internal/spec"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// call is a compiled HTTP request.
type call struct {
	method  string
	address *tmpl.Template
	header  map[string]*tmpl.Template
	body    *tmpl.Template
	kind    string // content type, "" without a body
}

func (c *compiler) call(key string, h *spec.HTTP) *call {
	if h == nil {
		return nil
	}
	method, address := h.Method()
	out := &call{method: method, address: c.text(key, address, tmpl.Address), header: c.texts(key+".header", h.Header, tmpl.Header)}
	switch {
	case h.JSON != nil:
		text, err := jsonTemplate(h.JSON)
		c.fail(key+".json", err)
		out.body, out.kind = c.text(key+".json", text, tmpl.Frame), "application/json"
	case len(h.Form) > 0:
		out.body, out.kind = c.text(key+".form", formTemplate(h.Form), tmpl.Address), "application/x-www-form-urlencoded"
	case h.Body != "":
		out.body, out.kind = c.text(key+".body", h.Body, tmpl.Frame), "text/plain; charset=utf-8"
	}
	return out
}

// jsonTemplate writes a value as JSON in which the templates of its strings stand
// as templates, so that they are escaped as parts of JSON strings.
func jsonTemplate(value any) (string, error) {
	var actions []string
	marked := mark(value, &actions)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(marked); err != nil {
		return "", fmt.Errorf("not representable as JSON: %w", err)
	}
	text := strings.TrimSuffix(out.String(), "\n")
	for i, action := range actions {
		text = strings.Replace(text, holder(i), action, 1)
	}
	return text, nil
}

func holder(i int) string { return fmt.Sprintf("@@action-%d@@", i) }

func mark(value any, actions *[]string) any {
	switch v := value.(type) {
	case string:
		return splitActions(v, func(literal string) string { return literal }, func(action string) string {
			*actions = append(*actions, action)
			return holder(len(*actions) - 1)
		})
	case map[string]any:
		out := map[string]any{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			out[name] = mark(v[name], actions)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, one := range v {
			out[i] = mark(one, actions)
		}
		return out
	}
	return value
}

// splitActions rewrites the literal parts and the {{actions}} of a template.
func splitActions(text string, literal, action func(string) string) string {
	var out strings.Builder
	for {
		start := strings.Index(text, "{{")
		if start < 0 {
			break
		}
		end := strings.Index(text[start:], "}}")
		if end < 0 {
			break
		}
		out.WriteString(literal(text[:start]))
		out.WriteString(action(text[start : start+end+2]))
		text = text[start+end+2:]
	}
	out.WriteString(literal(text))
	return out.String()
}

// formTemplate starts with a question mark, which makes its values query values;
// prepare drops it.
func formTemplate(form map[string]string) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(form)) {
		value := splitActions(form[name], url.QueryEscape, func(action string) string { return action })
		parts = append(parts, url.QueryEscape(name)+"="+value)
	}
	return "?" + strings.Join(parts, "&")
}

// readyCall is a call for one stream, all filled in but the canaries.
type readyCall struct {
	call    *call
	address *tmpl.Prepared
	header  map[string]*tmpl.Prepared
	body    *tmpl.Prepared
}

func (c *call) prepare(v *tmpl.Values) (*readyCall, error) {
	out := &readyCall{call: c, header: map[string]*tmpl.Prepared{}}
	var err error
	if out.address, err = c.address.Prepare(v); err != nil {
		return nil, err
	}
	for name, t := range c.header {
		if out.header[name], err = t.Prepare(v); err != nil {
			return nil, err
		}
	}
	if c.body != nil {
		out.body, err = c.body.Prepare(v)
	}
	return out, err
}

// request builds the HTTP request; short fills canaries where a padded payload
// has no place.
func (r *readyCall) request(ctx context.Context, fill, short tmpl.Fill) (*http.Request, error) {
	address, err := r.address.Append(nil, short)
	if err != nil {
		return nil, err
	}
	var body []byte
	if r.body != nil {
		if body, err = r.body.Append(nil, fill); err != nil {
			return nil, err
		}
		if r.call.kind == "application/x-www-form-urlencoded" {
			body = body[1:]
		}
	}
	req, err := http.NewRequestWithContext(ctx, r.call.method, string(address), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if r.call.kind != "" {
		req.Header.Set("Content-Type", r.call.kind)
	}
	for name, p := range r.header {
		value, err := p.Append(nil, short)
		if err != nil {
			return nil, err
		}
		req.Header.Set(name, string(value))
	}
	return req, nil
}

const maxAnswer = 1 << 20

// do sends the request and returns the status and the start of the answer.
func do(client *http.Client, req *http.Request) (int, []byte, *http.Response, error) {
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return resp.StatusCode, body, resp, err
}
