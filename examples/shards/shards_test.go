// Package shards_test holds the manifests beside it against what they are written for: Kubernetes' own types, a linter
// of GitHub workflows, and the program whose commands they have.
package shards_test

import (
	"bytes"
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

// pod is one pod of the job as a process.
type pod struct {
	cmd  *exec.Cmd
	said bytes.Buffer
}

func (m *machine) pod(command string, index int) *pod {
	m.t.Helper()
	p := &pod{cmd: exec.CommandContext(m.t.Context(), "/bin/sh", "-c", command)}
	p.cmd.Dir, p.cmd.Env = m.dir, append(os.Environ(), "JOB_COMPLETION_INDEX="+strconv.Itoa(index))
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	require.NoError(m.t, p.cmd.Start())
	return p
}

// inconclusive is the exit code of a run that found nothing wrong and can't be sure: a busy machine makes one of any.
const inconclusive = 3

// end waits for a pod and says whether it passed. That it was inconclusive is no mistake of the plan's.
func (p *pod) end(t *testing.T) bool {
	t.Helper()
	err := p.cmd.Wait()
	code := p.cmd.ProcessState.ExitCode()
	if code != inconclusive {
		require.NoError(t, err, "%s", &p.said)
	}
	return code == 0
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

// requireOutcome: a merged result is as sure as all of its parts.
func requireOutcome(t *testing.T, sure bool, r *result.Result, code int) {
	t.Helper()
	if sure {
		require.Equal(t, result.Pass, r.Verdict, r.Reason)
		require.Zero(t, code)
		return
	}
	require.Equal(t, result.Inconclusive, r.Verdict, r.Reason)
	require.Equal(t, inconclusive, code)
	t.Log("this machine was too busy for a verdict:", r.Reason)
}

// TestProcessesTogetherAreOne: the job's own command, as four processes on this machine, adds up to what one process of
// the same seed does; without one of the four nobody can say.
func TestProcessesTogetherAreOne(t *testing.T) {
	m := newMachine(t)
	alone := strings.ReplaceAll(m.command, "))/4", "))/1")
	alone = strings.Replace(alone, `--out "`+m.dir+`/$((JOB_COMPLETION_INDEX + 1))"`, `--out "`+m.dir+`/one"`, 1)
	require.Contains(t, alone, m.dir+"/one")
	sure := m.pod(alone, 0).end(t)
	one, code := m.merge("one")
	requireOutcome(t, sure, one, code)
	var pods []*pod
	for i := range 4 {
		pods = append(pods, m.pod(m.command, i))
	}
	sure = true
	for _, p := range pods {
		sure = p.end(t) && sure
	}
	four, code := m.merge("1", "2", "3", "4")
	requireOutcome(t, sure, four, code)
	require.Positive(t, one.Runs[0].Planned)
	require.Equal(t, one.Runs[0].Planned, four.Runs[0].Planned)
	require.Equal(t, one.Runs[0].Users, four.Runs[0].Users)
	for i, s := range one.Runs[0].Schedules {
		require.Equal(t, s.Planned, four.Runs[0].Schedules[i].Planned, s.Name)
	}
	three, code := m.merge("1", "2", "4")
	require.Equal(t, inconclusive, code)
	require.Equal(t, result.Inconclusive, three.Verdict)
	require.Contains(t, three.Reason, "shard 3/4 is missing")
}
