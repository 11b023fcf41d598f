package chat

import (
	"errors"
	"log"
	"strings"

	"example.com/legacychat/internal/realtime"
)

// handle acts on one frame of userID.
func handle(userID string, in frame) {
	switch in.Type {
	case "send":
		direct(userID, in.To, in.Text)
	case "join":
		realtime.GetManager().Join(in.Room, userID)
	case "leave":
		realtime.GetManager().Leave(in.Room, userID)
	case "room":
		realtime.GetManager().SendToRoom(in.Room, realtime.Message{Type: "room", Room: in.Room, From: userID, Text: in.Text})
		mentions(userID, in.Text)
	default:
		log.Printf("chat: %s sent a frame of unknown type %q", userID, in.Type)
	}
}

// direct delivers text and tells the sender when nobody was there to read it.
func direct(from, to, text string) {
	msg := realtime.Message{Type: "message", From: from, Text: text}
	if err := realtime.GetManager().SendToUser(to, msg); errors.Is(err, realtime.ErrOffline) {
		realtime.Notify(from, to+" is offline")
	}
}

// mentions pings everyone named as @user in text. Nobody waits for it.
func mentions(from, text string) {
	for _, word := range strings.Fields(text) {
		if name, ok := strings.CutPrefix(word, "@"); ok && name != from {
			go realtime.Notify(name, from+" mentioned you")
		}
	}
}
