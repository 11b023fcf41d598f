// Package framework serves through gin, with methods and literals.
package framework

import (
	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"
)

var upgrader websocket.Upgrader

type Controller struct {
	ws  *websocket.Conn
	ctx *gin.Context
}

func (ctl *Controller) Connect(c *gin.Context) {
	ws, err := upgrader.Upgrade(c.Writer, c.Request, nil)
	if err != nil {
		return
	}
	ctl.ws = ws // want `^ctl\.ws is there for all users`
	ctl.ctx = c // want `^ctl\.ctx is there for all users and becomes the request of whoever came last: .* \(lastwriter, escape\)$`
}

func Routes(e *gin.Engine) {
	ctl := &Controller{}
	e.GET("/ws", ctl.Connect)
	e.GET("/other", func(c *gin.Context) {
		ws, _ := upgrader.Upgrade(c.Writer, c.Request, nil)
		ctl.ws = ws // want `^ctl\.ws is there for all users`
	})
}
