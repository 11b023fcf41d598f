package svg_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/reports/internal/svg"
)

func TestCanvas(t *testing.T) {
	c := svg.New(100, 50, "chart", `a "label" <b>`)
	c.Path("ln", svg.Poly(0, 0, 1.25, 2))
	c.Path("ln", "")
	c.Rect("f1", 1, 2, 3, 4, "")
	c.Rect("f2", 1, 2, 3, 4, "tip & </title>")
	c.Text("tick", 1, 2, "\x1b<text>")
	c.Turned("tick", 1, 2, -45, "x")
	require.Equal(t, `<svg class="chart" viewBox="0 0 100 50" role="img" aria-label="a &#34;label&#34; &lt;b&gt;">`+
		`<path class="ln" d="M0 0L1.3 2"/>`+
		`<rect class="f1" x="1" y="2" width="3" height="4"/>`+
		`<rect class="f2" x="1" y="2" width="3" height="4"><title>tip &amp; &lt;/title&gt;</title></rect>`+
		`<text class="tick" x="1" y="2">\x1b&lt;text&gt;</text>`+
		`<text class="tick" transform="translate(1 2) rotate(-45)">x</text></svg>`, string(c.HTML()))
}

func TestNumbersThatAreNone(t *testing.T) {
	require.Equal(t, []string{"0", "0", "0", "-1.5", "1000000000"}, []string{svg.Num(math.NaN()), svg.Num(math.Inf(1)), svg.Num(math.Inf(-1)), svg.Num(-1.46), svg.Num(1e12)})
	require.Equal(t, "M1 2h3v4h-3z", svg.Box(1, 2, 3, 4))
}
