// Package gin has the exported signatures of the real one, as far as the shapes
// need them.
package gin

import "net/http"

type Context struct {
	Request *http.Request
	Writer  http.ResponseWriter
}

func (c *Context) Query(key string) string     { return "" }
func (c *Context) GetString(key string) string { return "" }
func (c *Context) JSON(code int, v any)        {}

type HandlerFunc func(*Context)

type Engine struct{ hidden int }

func (e *Engine) GET(path string, h ...HandlerFunc)  {}
func (e *Engine) POST(path string, h ...HandlerFunc) {}
