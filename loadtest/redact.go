package loadtest

import "strings"

const redacted = "[redacted]"

// redact replaces what a specification calls a secret.
func (r *runner) redact(text string, s *Spec) string {
	if r.config.LookupEnv == nil {
		return text
	}
	for _, name := range s.Secrets {
		if value, ok := r.config.LookupEnv(name); ok && value != "" {
			text = strings.ReplaceAll(text, value, redacted)
		}
	}
	return text
}
