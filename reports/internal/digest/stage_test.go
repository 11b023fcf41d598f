package digest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/analyzer/findings"
	"github.com/wsmig/wsmig/reports/internal/digest"
)

// TestEachRoleBelongsToOneStage: no role is counted twice or nowhere.
func TestEachRoleBelongsToOneStage(t *testing.T) {
	var all []findings.Role
	for _, stage := range digest.Stages {
		all = append(all, stage.Roles...)
	}
	require.ElementsMatch(t, digest.Roles, all)
}

func TestProgressByStage(t *testing.T) {
	r := &findings.Result{Findings: []findings.Finding{
		{Rule: "singleton", Role: findings.UserSend, Severity: findings.Warning, Fixable: true},
		{Rule: "singleton", Role: findings.Register, Severity: findings.Warning, Baseline: true},
		{Rule: "singleton", Role: findings.RoleDeclaration, Severity: findings.Info},
		{Rule: "widecast", Role: findings.Broadcast, Severity: findings.Warning},
	}}
	require.Equal(t, []digest.Progress{{Name: "bind", Todo: 1, Fixable: 1}, {Name: "move", Baseline: 1}, {Name: "remove", Info: 1}}, digest.ProgressByStage(r))
}
