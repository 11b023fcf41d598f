// Package presettest holds the presets of other people's protocols against their
// real servers: a correct server passes, one with a bug is caught. It is a module of
// its own, so that none of those servers is a dependency of wsmig.
package presettest
