package escape

import "strings"

// Markdown returns text that GitHub-flavoured Markdown shows as it is, on one
// line, also inside a table cell: no markup, HTML, link, mention or reference
// comes out of it.
func Markdown(text string) string {
	return markdown.Replace(Visible(text))
}

// The entities are what keeps a backslash-escaped character from being joined
// with its neighbours: "&#64;" never notifies anyone, and "&#58;//" is no link.
var markdown = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "|", "\\|", "~", "\\~", "$", "\\$",
	"#", "&#35;", "&", "&amp;", "<", "&lt;", ">", "&gt;", "@", "&#64;", "://", "&#58;//", "www.", "www&#46;",
)

// Code returns text as a Markdown code span that also fits into a table cell.
// The span is HTML, since a pipe inside backticks ends the cell in some readers
// and shows a stray backslash in others.
func Code(text string) string {
	return "<code>" + strings.NewReplacer(
		"&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "|", "&#124;", "`", "&#96;", "*", "&#42;", "_", "&#95;",
		"~", "&#126;", "@", "&#64;", "[", "&#91;", "]", "&#93;", "\\", "&#92;", "$", "&#36;", "#", "&#35;", "://", "&#58;//", "www.", "www&#46;",
	).Replace(Visible(text)) + "</code>"
}

// Cell returns text for a CSV field. Spreadsheets run a field that starts with
// one of these characters as a formula; the apostrophe makes it text.
func Cell(text string) string {
	text = Visible(text)
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}

// Annotation returns text for the message of a GitHub workflow command, where a
// line end would start another command.
func Annotation(text string) string {
	return annotation.Replace(Visible(text))
}

// AnnotationProperty is Annotation for a property such as file or title, which
// commas and colons would end.
func AnnotationProperty(text string) string {
	return property.Replace(Visible(text))
}

var (
	annotation = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property   = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)
