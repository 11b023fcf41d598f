package cmd

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// checkShard reads --shard i/n.
func (f *loadtestFlags) checkShard(seeded bool) error {
	if f.shard == "" {
		return nil
	}
	left, right, ok := strings.Cut(f.shard, "/")
	index, errIndex := strconv.Atoi(left)
	count, errCount := strconv.Atoi(right)
	switch {
	case !ok || errIndex != nil || errCount != nil || index < 1 || index > count:
		return usage(fmt.Errorf("--shard %s", f.shard), "give the part and the number of parts, from 1/3 to 3/3 for three machines")
	case f.replay != "":
		return usage(errors.New("both --shard and --replay"), "a replay runs on one machine")
	case !seeded && f.config == "":
		return usage(errors.New("--shard without --seed"), "give every shard the same seed, so that they follow one plan")
	}
	f.shardIndex, f.shardCount = index, count
	return nil
}
