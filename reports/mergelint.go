package reports

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wsmig/wsmig/analyzer/findings"
)

// MergeLint joins the shards of one lint run, in any order, into what one run over
// all packages finds. Missing lists the shards that were not given; they are in the
// result as packages that could not be read. Files that are no shards, or shards of
// different runs, are a *MergeError.
func MergeLint(parts []*findings.Result) (merged *findings.Result, missing []string, err error) {
	byIndex, total, err := lintShards(parts)
	if err != nil {
		return nil, nil, err
	}
	out := &findings.Result{Schema: findings.Schema}
	for index := 1; index <= total; index++ {
		part := byIndex[index]
		if part == nil {
			name := fmt.Sprintf("%d/%d", index, total)
			missing = append(missing, name)
			out.Stats.PackagesFailed = append(out.Stats.PackagesFailed, findings.FailedPackage{Package: "shard " + name, Error: "not given to the merge"})
			continue
		}
		out.Findings = append(out.Findings, part.Findings...)
		out.Singletons = append(out.Singletons, part.Singletons...)
		out.Stats.Packages += part.Stats.Packages
		out.Stats.Files += part.Stats.Files
		out.Stats.Seconds += part.Stats.Seconds
		out.Stats.PackagesFailed = append(out.Stats.PackagesFailed, part.Stats.PackagesFailed...)
		out.Stats.FilesSkipped = append(out.Stats.FilesSkipped, part.Stats.FilesSkipped...)
	}
	out.Sort()
	out.Stats.FilesSkipped = slices.Compact(out.Stats.FilesSkipped)
	out.Count()
	return out, missing, nil
}

func lintShards(parts []*findings.Result) (byIndex map[int]*findings.Result, total int, err error) {
	byIndex = map[int]*findings.Result{}
	for _, part := range parts {
		index, of, _ := strings.Cut(part.Shard, "/")
		i, errIndex := strconv.Atoi(index)
		n, errOf := strconv.Atoi(of)
		switch {
		case part.Shard == "":
			return nil, 0, &MergeError{"lint findings that are no shard: make them with lint --shard i/n"}
		case errIndex != nil || errOf != nil || i < 1 || i > n || n > maxShards:
			return nil, 0, &MergeError{fmt.Sprintf("shard is %q, not like 2/3", part.Shard)}
		case total != 0 && n != total:
			return nil, 0, &MergeError{fmt.Sprintf("shards of different runs: one is of %d, one of %d", total, n)}
		case byIndex[i] != nil:
			return nil, 0, &MergeError{fmt.Sprintf("shard %s is given twice", part.Shard)}
		}
		byIndex[i], total = part, n
	}
	return byIndex, total, nil
}
