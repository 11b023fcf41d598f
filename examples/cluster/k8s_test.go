package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// manifests decodes every document under k8s into its type; a field that the type does not have is an error.
func manifests(t *testing.T) map[string]any {
	t.Helper()
	files, err := filepath.Glob("k8s/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	all := map[string]any{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, doc := range bytes.Split(text, []byte("\n---\n")) {
			var head struct {
				Kind     string `json:"kind"`
				Metadata struct {
					Name string `json:"name"`
				} `json:"metadata"`
			}
			require.NoError(t, yaml.Unmarshal(doc, &head))
			into := map[string]any{"Deployment": &appsv1.Deployment{}, "StatefulSet": &appsv1.StatefulSet{}, "Service": &corev1.Service{},
				"ConfigMap": &corev1.ConfigMap{}, "PodDisruptionBudget": &policyv1.PodDisruptionBudget{}}[head.Kind]
			require.NotNil(t, into, "%s: kind %q", name, head.Kind)
			require.NoError(t, yaml.UnmarshalStrict(doc, into), "%s: %s", name, head.Kind)
			all[head.Kind+"/"+head.Metadata.Name] = into
		}
	}
	return all
}

// TestManifests: the manifests are what they claim, and fit the program: its flags, its probes, and time to drain.
func TestManifests(t *testing.T) {
	all := manifests(t)
	d := all["Deployment/cluster"].(*appsv1.Deployment)
	require.Equal(t, int32(3), *d.Spec.Replicas)
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	require.Equal(t, "/livez", c.LivenessProbe.HTTPGet.Path)
	require.Equal(t, "/readyz", c.ReadinessProbe.HTTPGet.Path)

	var f flags
	require.NoError(t, f.parse(c.Args))
	require.Equal(t, 3, f.replicas)
	spent := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + f.drain
	require.Greater(t, time.Duration(*pod.TerminationGracePeriodSeconds)*time.Second, spent)

	require.Equal(t, map[string]string{"app": "cluster"}, all["Service/cluster"].(*corev1.Service).Spec.Selector)
	s := all["StatefulSet/nats"].(*appsv1.StatefulSet)
	require.Equal(t, int32(f.replicas), *s.Spec.Replicas)
	require.Equal(t, "nats://"+all["Service/nats"].(*corev1.Service).Name+":4222", f.nats)
}
