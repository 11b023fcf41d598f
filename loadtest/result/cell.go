package result

import (
	"encoding/json"
	"fmt"
)

// Cell counts what one owner's events did at one receiver. It is written as the
// array [owner, receiver, count].
type Cell struct {
	Owner    string
	Receiver string
	Count    uint64
}

// MarshalJSON writes the three-element array form.
func (c Cell) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{c.Owner, c.Receiver, c.Count})
}

// UnmarshalJSON reads the three-element array form and refuses any other.
func (c *Cell) UnmarshalJSON(data []byte) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return fmt.Errorf("matrix cell: %w", err)
	}
	if len(parts) != 3 {
		return fmt.Errorf("matrix cell: %d elements, want owner, receiver, count", len(parts))
	}
	for i, target := range []any{&c.Owner, &c.Receiver, &c.Count} {
		if err := json.Unmarshal(parts[i], target); err != nil {
			return fmt.Errorf("matrix cell, element %d: %w", i, err)
		}
	}
	return nil
}
