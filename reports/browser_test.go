package reports_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/result"
	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

var screenshots = flag.String("screenshots", "", "write what the browser tests see to this folder")

// browserNames are tried in order; Debian's is the first.
var browserNames = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "headless-shell"}

// startBrowser starts one headless browser with a fresh profile for a test.
// Without one the test is skipped, unless WSMIG_REQUIRE names browser: then the
// machine was said to have one.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	var binary string
	for _, name := range browserNames {
		if found, err := exec.LookPath(name); err == nil {
			binary = found
			break
		}
	}
	if binary == "" {
		if slices.Contains(strings.Split(os.Getenv("WSMIG_REQUIRE"), ","), "browser") {
			t.Fatal("WSMIG_REQUIRE=browser, but there is none on the PATH: " + strings.Join(browserNames, ", "))
		}
		t.Skip("no browser on the PATH (" + strings.Join(browserNames, ", ") + "): the pages are not looked at")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
	)
	// The test's own context ends before its clean-up does, which closes the
	// browser and waits for it.
	ctx, cancel := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), options...)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() { require.NoError(t, chromedp.Cancel(ctx)) })
	require.NoError(t, chromedp.Do(ctx))
	return ctx
}

// tab is one page in the browser and everything that it did on its own.
type tab struct {
	ctx context.Context

	mu       sync.Mutex
	requests []string
	said     []string // console, log, exceptions, dialogs
}

func open(t *testing.T, browser context.Context, width, height int64, file string, before ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	return openAt(t, browser, width, height, "file://"+file, before...)
}

func openAt(t *testing.T, browser context.Context, width, height int64, address string, before ...chromedp.Action[chromedp.Void]) *tab {
	t.Helper()
	p := &tab{}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithListener(p.listen))
	t.Cleanup(cancel)
	require.NoError(t, chromedp.Do(ctx))
	p.ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	actions := []chromedp.Action[chromedp.Void]{command(network.Enable, network.EnableParams{}), command(log.Enable, cdp.Empty{}), chromedp.EmulateViewport(width, height)}
	actions = append(append(actions, before...), chromedp.Navigate(address), chromedp.WaitReady(chromedp.CSS("main")))
	require.NoError(t, chromedp.Do(p.ctx, actions...))
	return p
}

// command makes a step of a protocol command that the library has no step for.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

func (p *tab) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *log.EventEntryAdded:
		p.said = append(p.said, e.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		p.said = append(p.said, "console: "+string(e.Type))
	case *runtime.EventExceptionThrown:
		p.said = append(p.said, e.ExceptionDetails.Text)
	case *page.EventJavascriptDialogOpening:
		p.said = append(p.said, "dialog: "+e.Message)
	}
}

// requireQuiet holds the page to its word: it loaded itself, nothing else, and
// nothing went wrong.
func (p *tab) requireQuiet(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(t, p.said)
	for _, url := range p.requests[1:] {
		require.True(t, strings.HasPrefix(url, "data:"), "the page asked for %s", url)
	}
}

func eval[T any](t *testing.T, p *tab, script string) T {
	t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](script))
	require.NoError(t, err)
	return value
}

func (p *tab) shoot(t *testing.T, name string) {
	t.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(*screenshots, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644))
}

func theme(name string) chromedp.Action[chromedp.Void] {
	return command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}}})
}

func htmlFile(t *testing.T, render func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, render(&b))
	file := filepath.Join(t.TempDir(), "index.html")
	require.NoError(t, os.WriteFile(file, b.Bytes(), 0o600))
	return file
}

func pageOf(r *result.Result) func(io.Writer) error {
	return func(w io.Writer) error { return reports.HTML(w, r, &reports.Options{Lint: sample.Lint(1, 24)}) }
}

// violated is a load test whose server under test leaks, as most first ones are.
func violated() *result.Result {
	r := sample.Result(4, 12)
	r.Verdict, r.ExitCode = result.Violated, 1
	r.Reason = []string{"chat: 3 users received what was meant for others"}
	r.Runs = r.Runs[:1]
	r.Runs[0].Name, r.Runs[0].Control = "chat", false
	return r
}

// scaling is a test with several numbers of users.
func scaling() *result.Result {
	r := sample.Result(5, 5)
	for _, users := range []int{20, 80} {
		r.Runs = append(r.Runs, sample.Result(5, users).Runs...)
	}
	return r
}

func undecided() *result.Result {
	r := sample.Result(6, 4)
	r.Verdict, r.ExitCode = result.Inconclusive, 3
	r.Reason = []string{"the control was not caught, so a pass of the other servers proves nothing"}
	r.Runs[0].Verdict, r.Runs[0].Anomalies, r.Runs[0].Matrix, r.Runs[0].Evidence = result.Pass, map[string]uint64{}, nil, nil
	return r
}
