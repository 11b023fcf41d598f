// Package lastwriter defines the analyzer.
//
// # Analyzer lastwriter
//
// lastwriter: report x
package lastwriter
