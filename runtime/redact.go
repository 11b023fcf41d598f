package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

const redactedMark = "[redacted]"

// secretKeys are compared whole and without case: "keyboard" is no key, neither is "token_count".
var secretKeys = map[string]bool{"password": true, "secret": true, "token": true, "api_key": true, "authorization": true, "credential": true}

func secretKey(key string) bool { return secretKeys[strings.ToLower(key)] }

// secretText finds "key=value" and "key: value" in prose; an authorization's value has its scheme in front.
var secretText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(password|secret|token|api_key|authorization|credential)\b(["']?\s*[:=]\s*)("[^"]*"|'[^']*'|(?:bearer|basic|digest)\s+[^\s,;&"']+|[^\s,;&"']+)`)
})

// redacted gives v as plain JSON values without its secrets. The work is done on a copy: what the caller has stays.
func (e *Emitter) redacted(name string, v any) (any, error) {
	f := e.root.uc.f
	tree, err := plain(v)
	if err != nil {
		return nil, err
	}
	if hook := f.opts.Redact; hook != nil {
		var out any
		err := f.guard("Redact", func() { out = redactWith(hook, name, tree) })
		return out, err
	}
	return redactTree(tree), nil
}

// plain turns v into maps, lists, strings and numbers as its JSON has them.
func plain(v any) (any, error) {
	b, err := appendData(nil, v)
	if err != nil {
		return nil, err
	}
	return decodeTree(b)
}

func decodeTree(b []byte) (tree any, err error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncode, err)
	}
	return tree, nil
}

func redactWith(hook func(string, any) any, key string, v any) any {
	v = hook(key, v)
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = redactWith(hook, k, x)
		}
	case []any:
		for i, x := range v {
			v[i] = redactWith(hook, key, x)
		}
	}
	return v
}

func redactTree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if secretKey(k) {
				v[k] = redactedMark
			} else {
				v[k] = redactTree(x)
			}
		}
	case []any:
		for i, x := range v {
			v[i] = redactTree(x)
		}
	case string:
		return redactString(v)
	}
	return v
}

// redactString looks into text: tools return JSON as a string often enough, and errors quote what they were given.
func redactString(s string) string {
	if t := strings.TrimSpace(s); strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[") {
		if tree, err := decodeTree([]byte(t)); err == nil && json.Valid([]byte(t)) {
			return redactedJSON(s, tree)
		}
	}
	return secretText().ReplaceAllString(s, "${1}${2}"+redactedMark)
}

// redactedJSON writes the text anew only if there was a secret in it.
func redactedJSON(s string, tree any) string {
	before, err := json.Marshal(tree)
	if err != nil {
		return redactedMark
	}
	after, err := json.Marshal(redactTree(tree))
	if err != nil {
		return redactedMark
	}
	if bytes.Equal(before, after) {
		return s
	}
	return string(after)
}
