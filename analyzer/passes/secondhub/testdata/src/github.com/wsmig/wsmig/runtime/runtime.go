// Package runtime has the exported signatures of the real one, as far as the
// shapes need them.
package runtime

type Options struct{ MaxUsers int }

type Factory struct{ hidden int }

func NewFactory(o *Options) (*Factory, error) { return nil, nil }
