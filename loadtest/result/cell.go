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
	return unmarshalArray(data, "matrix cell", &c.Owner, &c.Receiver, &c.Count)
}

// Bucket counts the events of a latency up to Micros and above that of the
// bucket before. It is written as the array [micros, count].
type Bucket struct {
	Micros float64
	Count  uint64
}

// MarshalJSON writes the two-element array form.
func (b Bucket) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{b.Micros, b.Count})
}

// UnmarshalJSON reads the two-element array form and refuses any other.
func (b *Bucket) UnmarshalJSON(data []byte) error {
	return unmarshalArray(data, "latency bucket", &b.Micros, &b.Count)
}

func unmarshalArray(data []byte, what string, targets ...any) error {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	if len(parts) != len(targets) {
		return fmt.Errorf("%s: %d elements, want %d", what, len(parts), len(targets))
	}
	for i, target := range targets {
		if err := json.Unmarshal(parts[i], target); err != nil {
			return fmt.Errorf("%s, element %d: %w", what, i, err)
		}
	}
	return nil
}
