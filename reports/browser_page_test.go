package reports_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/reports"
	"github.com/wsmig/wsmig/reports/internal/sample"
)

var pages = []struct {
	name   string
	render func(io.Writer) error
}{
	{"loadtest", pageOf(sample.Result(1, 10))},
	{"thousand", pageOf(sample.Result(1, 1000))},
	{"violated", pageOf(violated())},
	{"scaling", pageOf(scaling())},
	{"undecided", pageOf(undecided())},
	{"hostile", pageOf(sample.HostileResult())},
	{"lint", func(w io.Writer) error {
		return reports.LintHTML(w, sample.Lint(1, 24), &reports.Options{Ledger: sample.Ledger(1, 24)})
	}},
	{"lint-hostile", func(w io.Writer) error { return reports.LintHTML(w, sample.HostileLint(), nil) }},
}

// TestPagesInTheBrowser opens every page narrow and wide, light and dark: it asks
// for nothing, nothing goes wrong, nothing sticks out, and every text stands out
// from its ground as much as WCAG AA asks.
func TestPagesInTheBrowser(t *testing.T) {
	browser := startBrowser(t)
	for _, p := range pages {
		t.Run(p.name, func(t *testing.T) {
			file := htmlFile(t, p.render)
			for _, width := range []int64{360, 1440} {
				for _, colours := range []string{"light", "dark"} {
					tab := open(t, browser, width, 900, file, theme(colours))
					tab.requireQuiet(t)
					require.Empty(t, eval[[]string](t, tab, stickingOut), "%d px", width)
					require.Empty(t, eval[[]string](t, tab, faintTexts), "%s, %d px", colours, width)
					tab.shoot(t, fmt.Sprintf("%s-%s-%d", p.name, colours, width))
				}
			}
		})
	}
}

// stickingOut lists what makes the page scroll sideways, without what scrolls in a
// box of its own.
const stickingOut = `(() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
  [...document.body.querySelectorAll('*')].filter(e => !e.closest('.scroll') && !e.closest('.skip') && e.getBoundingClientRect().right > window.innerWidth + .5).map(e => e.outerHTML.slice(0, 80)).slice(-5))()`

// faintTexts lists texts whose contrast with what lies behind them is below 4.5,
// or 3 for large ones.
const faintTexts = `(() => {
  const parse = c => { const m = c.match(/[\d.]+/g).map(Number); return m.length > 3 && m[3] === 0 ? null : m };
  const light = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
  const ground = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c) return c } return [255, 255, 255] };
  const faint = [];
  for (const e of document.body.querySelectorAll('*')) {
    const own = [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.textContent.trim()).join('');
    const box = e.getBoundingClientRect();
    if (!own || !box.width || e.tagName === 'title') continue;
    const style = getComputedStyle(e), svg = e instanceof SVGElement;
    const ink = parse(svg ? style.fill : style.color), back = svg && e.closest('.head') ? [255, 255, 255] : ground(e);
    const [a, b] = [light(ink), light(back)].sort((x, y) => y - x), ratio = (a + .05) / (b + .05);
    const size = parseFloat(style.fontSize), large = size >= 24 || size >= 18.66 && +style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) faint.push(own.slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return faint.slice(0, 10);
})()`

// TestMatrixIsDrawn looks at the picture of the project with the browser's eyes:
// a speckled square beside a clean diagonal, of one size, visible.
func TestMatrixIsDrawn(t *testing.T) {
	browser := startBrowser(t)
	tab := open(t, browser, 1440, 900, htmlFile(t, pageOf(sample.Result(1, 10))))
	type picture struct {
		Width, Height, Left, Top float64
		Foreign                  int
		Own                      string
	}
	seen := eval[[]picture](t, tab, `[...document.querySelectorAll('svg.matrix')].map(s => { const b = s.getBoundingClientRect(); return {
		Width: b.width, Height: b.height, Left: b.left, Top: b.top,
		Foreign: s.querySelectorAll('.f1,.f2,.f3,.f4,.f5').length, Own: getComputedStyle(s.querySelector('.own')).fill } })`)
	require.Len(t, seen, 2)
	require.Greater(t, seen[0].Foreign, 10)
	require.Zero(t, seen[1].Foreign)
	require.Equal(t, seen[0].Own, seen[1].Own)
	require.Greater(t, seen[0].Width, 300.0)
	require.InDelta(t, seen[0].Width, seen[1].Width, 1)
	require.InDelta(t, seen[0].Top, seen[1].Top, 1, "side by side")
	require.Greater(t, seen[1].Left, seen[0].Left+seen[0].Width-1)
}

func TestPageWithoutScript(t *testing.T) {
	browser := startBrowser(t)
	file := htmlFile(t, pageOf(sample.Result(1, 10)))
	with := open(t, browser, 1440, 900, file)
	without := open(t, browser, 1440, 900, file, command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}))
	a, err := chromedp.Run(with.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	b, err := chromedp.Run(without.ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.True(t, bytes.Equal(a, b), "the same picture to the pixel")
}

// TestKeyboard walks the page as somebody without a mouse does.
func TestKeyboard(t *testing.T) {
	browser := startBrowser(t)
	tab := open(t, browser, 1440, 900, htmlFile(t, pageOf(sample.Result(1, 10))))
	focused := func() string { return eval[string](t, tab, `document.activeElement.textContent.trim()`) }
	press := func(key string) { require.NoError(t, chromedp.Do(tab.ctx, chromedp.KeyEvent(key))) }
	press(kb.Tab)
	require.Equal(t, "Skip to the report", focused())
	press(kb.Tab)
	require.Equal(t, "Before and after", focused())
	require.Equal(t, "solid", eval[string](t, tab, `getComputedStyle(document.activeElement).outlineStyle`), "the focus can be seen")

	require.NoError(t, chromedp.Do(tab.ctx, chromedp.Focus(chromedp.CSS("summary"))))
	press(kb.Enter)
	require.True(t, eval[bool](t, tab, `document.querySelector('details').open`))
	require.Zero(t, eval[int](t, tab, `[...document.querySelectorAll('.scroll')].filter(e => e.tabIndex < 0 || !e.getAttribute('aria-label')).length`), "what scrolls can be reached and has a name")
	require.Zero(t, eval[int](t, tab, `[...document.querySelectorAll('svg:not([aria-hidden])')].filter(e => e.getAttribute('role') !== 'img' || !e.getAttribute('aria-label')).length`), "every picture has words")
}

func TestPrint(t *testing.T) {
	browser := startBrowser(t)
	tab := open(t, browser, 1440, 900, htmlFile(t, pageOf(sample.Result(1, 10))), theme("dark"))
	pdf, err := chromedp.Run(tab.ctx, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
	require.NoError(t, err)
	require.Greater(t, len(pdf), 20_000)
	require.Equal(t, "%PDF", string(pdf[:4]))

	const folded = `document.querySelector('details table').checkVisibility()`
	require.False(t, eval[bool](t, tab, folded))
	require.NoError(t, chromedp.Do(tab.ctx, command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})))
	require.Equal(t, "rgb(255, 255, 255)", eval[string](t, tab, `getComputedStyle(document.body).backgroundColor`), "paper is white, whatever the theme")
	require.True(t, eval[bool](t, tab, folded), "what is folded on the screen is printed")
}
