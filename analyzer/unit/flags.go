package unit

import (
	"encoding/json"
	"flag"
	"io"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/wsmig/wsmig/analyzer"
)

// options are the flags of one run of the tool.
type options struct {
	json, fix, diff bool
	context         int
	info            bool // informational findings too
	full            bool // look at every package, skip none
	accessors       list
	conns           list
	only            map[string]bool // analyzers chosen by name, nil for all
	except          map[string]bool
	config          string
}

// list is a flag that may be repeated or hold several values with commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set implements flag.Value.
func (l *list) Set(s string) error {
	*l = append(*l, strings.Split(s, ",")...)
	return nil
}

// choice is the flag that switches one analyzer on or off.
type choice struct {
	o    *options
	name string
}

func (c choice) String() string   { return "" }
func (c choice) IsBoolFlag() bool { return true }

// Set implements flag.Value.
func (c choice) Set(s string) error {
	if s == "false" || s == "0" {
		c.o.except[c.name] = true
	} else {
		c.o.only[c.name] = true
	}
	return nil
}

// flagSet declares the flags that the go command may pass on.
func flagSet(o *options) *flag.FlagSet {
	o.only, o.except = map[string]bool{}, map[string]bool{}
	fs := flag.NewFlagSet("wsmig", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&o.json, "json", false, "print diagnostics and fixes as JSON")
	fs.BoolVar(&o.fix, "fix", false, "apply fixes instead of printing diagnostics")
	fs.BoolVar(&o.diff, "diff", false, "with -fix, print the changes instead of making them")
	fs.IntVar(&o.context, "c", -1, "print the offending line with this many lines of context")
	fs.BoolVar(&o.info, "wsmig.info", false, "report informational findings as well")
	fs.BoolVar(&o.full, "wsmig.full", false, "look at every package, even those that cannot matter")
	fs.Var(&o.accessors, "wsmig.accessor", "functions or variables, pkg.Name, that are process-wide managers")
	fs.Var(&o.conns, "wsmig.conn", "further connection types, pkg.Type")
	for _, a := range analyzer.Suite() {
		fs.Var(choice{o, a.Name}, a.Name, "run the "+a.Name+" analyzer")
	}
	return fs
}

func parseFlags(args []string) (*options, error) {
	o := &options{}
	fs := flagSet(o)
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	o.config = fs.Arg(fs.NArg() - 1)
	return o, nil
}

// describeFlags lists the flags for the go command.
func describeFlags(w io.Writer) error {
	type jsonFlag struct {
		Name  string
		Bool  bool
		Usage string
	}
	var all []jsonFlag
	flagSet(&options{}).VisitAll(func(f *flag.Flag) {
		b, ok := f.Value.(interface{ IsBoolFlag() bool })
		all = append(all, jsonFlag{f.Name, ok && b.IsBoolFlag(), f.Usage})
	})
	data, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	_, err = w.Write(append(data, '\n'))
	return err
}

// chosen filters the suite by the flags: those named, or all but those negated.
func (o *options) chosen(suite []*analysis.Analyzer) []*analysis.Analyzer {
	return slices.DeleteFunc(slices.Clone(suite), func(a *analysis.Analyzer) bool {
		return o.except[a.Name] || len(o.only) > 0 && !o.only[a.Name]
	})
}
