// Package shards_test holds the manifests beside it against what they are written for: Kubernetes' own types, a linter
// of GitHub workflows, and the program whose commands they have.
package shards_test

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rhysd/actionlint"
	"github.com/stretchr/testify/require"
	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/loadtest/target"
)

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return text
}

func job(t *testing.T) *batchv1.Job {
	t.Helper()
	var j batchv1.Job
	require.NoError(t, yaml.UnmarshalStrict(read(t, "job.yaml"), &j))
	return &j
}

// TestJob: the Indexed Job is one as Kubernetes reads it, and has as many pods as parts.
func TestJob(t *testing.T) {
	j := job(t)
	require.Equal(t, "batch/v1", j.APIVersion)
	require.Equal(t, "Job", j.Kind)
	require.Equal(t, batchv1.IndexedCompletion, *j.Spec.CompletionMode)
	require.Equal(t, *j.Spec.Completions, *j.Spec.Parallelism, "the parts have to run at the same time")
	pod := j.Spec.Template.Spec
	require.Contains(t, pod.Containers[0].Args[0], "))/"+strconv.Itoa(int(*j.Spec.Completions))+`"`)
	for _, mount := range pod.Containers[0].VolumeMounts {
		found := false
		for _, v := range pod.Volumes {
			found = found || v.Name == mount.Name
		}
		require.True(t, found, mount.Name)
	}
}

// TestWorkflow: the workflow is one as GitHub reads it, and its matrix has as many entries as parts.
func TestWorkflow(t *testing.T) {
	text := read(t, "github-actions.yaml")
	l, err := actionlint.NewLinter(io.Discard, &actionlint.LinterOptions{Shellcheck: "", Pyflakes: ""})
	require.NoError(t, err)
	mistakes, err := l.Lint("github-actions.yaml", text, nil)
	require.NoError(t, err)
	require.Empty(t, mistakes)
	var w struct {
		Jobs map[string]struct {
			Strategy struct {
				Matrix map[string][]int `json:"matrix"`
			} `json:"strategy"`
		} `json:"jobs"`
	}
	require.NoError(t, yaml.Unmarshal(text, &w))
	parts := w.Jobs["load"].Strategy.Matrix["shard"]
	require.Equal(t, []int{1, 2, 3}, parts)
	require.Contains(t, string(text), "--shard ${{ matrix.shard }}/"+strconv.Itoa(len(parts)))
}

// machine is a folder with the program, a server to load, and what the manifest's paths stand for.
type machine struct {
	t           *testing.T
	dir, binary string
	command     string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, dir: t.TempDir()}
	m.binary = filepath.Join(m.dir, "wsmig")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", m.binary, ".")
	build.Dir = filepath.Join("..", "..")
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	server, err := target.Start(t.Context(), "factory")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	require.NoError(t, os.WriteFile(filepath.Join(m.dir, "loadtest.yaml"), []byte(server.Info().Config), 0o600))
	m.command = job(t).Spec.Template.Spec.Containers[0].Args[0]
	for old, small := range map[string]string{
		"wsmig loadtest": m.binary + " loadtest --quiet --schedules spread,burst", "/config/": m.dir + "/", "/results/": m.dir + "/",
		"--users 10000": "--users 20", "--duration 60s": "--duration 1s",
	} {
		require.Contains(t, m.command, old)
		m.command = strings.ReplaceAll(m.command, old, small)
	}
	return m
}

// pod starts one pod of the job as a process.
func (m *machine) pod(command string, index int) *exec.Cmd {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), "/bin/sh", "-c", command)
	cmd.Dir, cmd.Env = m.dir, append(os.Environ(), "JOB_COMPLETION_INDEX="+strconv.Itoa(index))
	require.NoError(m.t, cmd.Start())
	return cmd
}

// merge joins parts and gives the result and the exit code.
func (m *machine) merge(parts ...string) (*result.Result, int) {
	m.t.Helper()
	cmd := exec.CommandContext(m.t.Context(), m.binary, append([]string{"report", "merge"}, parts...)...)
	cmd.Dir = m.dir
	out, err := cmd.Output()
	if err != nil {
		require.IsType(m.t, &exec.ExitError{}, err)
	}
	var r result.Result
	require.NoError(m.t, json.Unmarshal(out, &r))
	return &r, cmd.ProcessState.ExitCode()
}

// TestProcessesTogetherAreOne: the job's own command, as four processes on this machine, adds up to what one process of
// the same seed does; without one of the four nobody can say.
func TestProcessesTogetherAreOne(t *testing.T) {
	m := newMachine(t)
	alone := strings.ReplaceAll(m.command, "))/4", "))/1")
	alone = strings.Replace(alone, `--out "`+m.dir+`/$((JOB_COMPLETION_INDEX + 1))"`, `--out "`+m.dir+`/one"`, 1)
	require.Contains(t, alone, m.dir+"/one")
	require.NoError(t, m.pod(alone, 0).Wait())
	var pods []*exec.Cmd
	for i := range 4 {
		pods = append(pods, m.pod(m.command, i))
	}
	for _, p := range pods {
		require.NoError(t, p.Wait())
	}
	one, code := m.merge("one")
	require.Zero(t, code)
	four, code := m.merge("1", "2", "3", "4")
	require.Zero(t, code)
	require.Equal(t, result.Pass, four.Verdict)
	require.Positive(t, one.Runs[0].Planned)
	require.Equal(t, one.Runs[0].Planned, four.Runs[0].Planned)
	require.Equal(t, one.Runs[0].Users, four.Runs[0].Users)
	require.Equal(t, one.Runs[0].Anomalies, four.Runs[0].Anomalies)
	for i, s := range one.Runs[0].Schedules {
		require.Equal(t, s.Planned, four.Runs[0].Schedules[i].Planned, s.Name)
	}
	three, code := m.merge("1", "2", "4")
	require.Equal(t, 3, code)
	require.Equal(t, result.Inconclusive, three.Verdict)
	require.Contains(t, three.Reason, "shard 3/4 is missing")
}
