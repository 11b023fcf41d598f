// Package factories makes two factories. // want package:`the one that shapes/factories makes in factories\.go the one that shapes/factories makes in factories\.go`
package factories

import wsruntime "github.com/wsmig/wsmig/runtime"

var Factory, _ = wsruntime.NewFactory(nil)

func New() (*wsruntime.Factory, error) {
	return wsruntime.NewFactory(&wsruntime.Options{MaxUsers: 10}) // want `^this is a second factory beside the one that shapes/factories makes in factories\.go: .* \(secondhub, declaration\)$`
}
