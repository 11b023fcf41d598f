package history_test

import (
	"fmt"

	"github.com/wsmig/wsmig/loadtest/history"
)

// Any stream of frames can be held against the protocol of an agent's run, or
// against one of your own, which may be read from JSON.
func ExampleWatch() {
	watch := history.NewWatch(history.AgentEvents())
	for _, frame := range []string{
		`{"type":"agent_started","data":{"run_id":"r1"}}`,
		`{"type":"tool_executing","data":{"run_id":"r1","tool_name":"search"}}`,
		`{"type":"agent_completed","data":{"run_id":"r1"}}`,
		`{"type":"agent_thinking","data":{"run_id":"r1"}}`,
	} {
		for _, fault := range watch.Frame([]byte(frame)) {
			fmt.Println(fault.Error())
		}
	}
	for _, fault := range watch.End() {
		if fault.Type == "" {
			fmt.Println(fault.Error())
		}
	}
	// Output:
	// run "r1": agent_completed: tool_executing "search" was not completed
	// run "r1": agent_thinking: the run had ended
}
