package runtime

import "context"

// The types of the agent events, in the order in which a run emits them: started first, completed or error last, each
// tool_executing followed by its tool_completed.
const (
	TypeAgentStarted   = "agent_started"
	TypeAgentThinking  = "agent_thinking"
	TypeToolExecuting  = "tool_executing"
	TypeToolCompleted  = "tool_completed"
	TypeAgentCompleted = "agent_completed"
	TypeAgentError     = "agent_error"
	TypeProgress       = "progress"
)

// AgentEvent is the data of the agent events; what a type does not use is left out.
type AgentEvent struct {
	Agent   string   `json:"agent_name"`
	Run     string   `json:"run_id"`
	Thought string   `json:"thought,omitempty"`
	Tool    string   `json:"tool_name,omitempty"`
	Input   any      `json:"tool_input,omitempty"`
	Output  any      `json:"tool_output,omitempty"`
	Result  any      `json:"result,omitempty"`
	Error   string   `json:"error,omitempty"`
	Percent *float64 `json:"percent,omitempty"`
	Message string   `json:"message,omitempty"`
}

// AgentStarted tells that an agent began a run.
func (e *Emitter) AgentStarted(ctx context.Context, agent, run string) error {
	return e.Emit(ctx, Event{Type: TypeAgentStarted, Data: &AgentEvent{Agent: agent, Run: run}})
}

// AgentThinking tells what the agent thinks, as it is.
func (e *Emitter) AgentThinking(ctx context.Context, agent, run, thought string) error {
	return e.Emit(ctx, Event{Type: TypeAgentThinking, Data: &AgentEvent{Agent: agent, Run: run, Thought: thought}})
}

// ToolExecuting tells that the agent calls a tool. Secrets in the input are redacted, see [Options.Redact].
func (e *Emitter) ToolExecuting(ctx context.Context, agent, run, tool string, input any) error {
	in, err := e.redacted("tool_input", input)
	if err != nil {
		return err
	}
	return e.Emit(ctx, Event{Type: TypeToolExecuting, Data: &AgentEvent{Agent: agent, Run: run, Tool: tool, Input: in}})
}

// ToolCompleted tells what the tool returned. Secrets in the output are redacted.
func (e *Emitter) ToolCompleted(ctx context.Context, agent, run, tool string, output any) error {
	out, err := e.redacted("tool_output", output)
	if err != nil {
		return err
	}
	return e.Emit(ctx, Event{Type: TypeToolCompleted, Data: &AgentEvent{Agent: agent, Run: run, Tool: tool, Output: out}})
}

// AgentCompleted tells the result of the run, as it is: nothing in it is redacted.
func (e *Emitter) AgentCompleted(ctx context.Context, agent, run string, result any) error {
	return e.Emit(ctx, Event{Type: TypeAgentCompleted, Data: &AgentEvent{Agent: agent, Run: run, Result: result}})
}

// AgentError tells that the run failed. Secrets in the message are redacted: the values behind key=value, key: value
// and in JSON inside the text.
func (e *Emitter) AgentError(ctx context.Context, agent, run string, cause error) error {
	text := ""
	if cause != nil {
		text = cause.Error()
	}
	v, err := e.redacted("error", text)
	if err != nil {
		return err
	}
	s, ok := v.(string)
	if !ok {
		s = redactedMark // the hook put something else in its place
	}
	return e.Emit(ctx, Event{Type: TypeAgentError, Data: &AgentEvent{Agent: agent, Run: run, Error: s}})
}

// Progress tells how far a run is: percent is brought into 0 to 100, the message goes as it is.
func (e *Emitter) Progress(ctx context.Context, agent, run string, percent float64, message string) error {
	percent = min(max(percent, 0), 100)
	return e.Emit(ctx, Event{Type: TypeProgress, Data: &AgentEvent{Agent: agent, Run: run, Percent: &percent, Message: message}})
}
