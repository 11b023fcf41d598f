// Package tooling watches the debt shrink, which is no debt.
package tooling

import (
	"fmt"

	"github.com/wsmig/wsmig/runtime/compat"
)

func report() {
	compat.Strict(true)
	for _, site := range compat.Sites() {
		fmt.Println(site.String(), site.File, site.Line, site.Count)
	}
}

func worst(sites []compat.Site) compat.Site { return sites[0] }
