package digest

// Rule describes an analyzer of lint in a sentence; "" for one that is not known.
func Rule(id string) string { return rules[id] }

var rules = map[string]string{
	"singleton":     "A process-wide WebSocket manager, or a use of one: connections of more than one user can be reached through it.",
	"lastwriter":    "A connection, user or request value is stored in a shared object: the newest caller owns everyone's traffic.",
	"widecast":      "A broadcast whose payload is built from one user's data.",
	"sharedpayload": "A payload is changed or pooled after it was handed to a queue or an emitter.",
	"emitterscope":  "An emitter or user context outlives its scope, is used after Close, is never closed or is shared between users.",
	"secondhub":     "A second process-wide manager or factory for the same job.",
	"compat":        "A call that still goes through the compatibility layer.",
}
