// Package model has the types that everyone shares.
package model

type Owner struct{ ID string }

type Invoice struct {
	Owner Owner
	Cents int
}
