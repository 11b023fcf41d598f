package target

// bug describes a corpus server with one mechanism.
func bug(d *dialect, mechanism, about string, hub func(s *service) hub) kind {
	return kind{
		Info:   Info{Name: "m" + mechanism[1:], Mechanisms: []string{mechanism}, Twin: "desk-" + d.name, About: about},
		config: d.config,
		start:  func() (app, error) { return newService(d, hub), nil },
	}
}

// corpus lists the servers with one bug each. The numbers are those of the
// mechanisms in the reports.
func corpus() []kind {
	return []kind{
		bug(plain, "M01", "an event without a known recipient goes to everybody", newBroadcasting),
		bug(packed, "M02", "all users share one handler, whose connection is the newest", newOneHandler),
		bug(plain, "M03", "the recipient is a field that another request sets while this one waits for the store", newSharedField),
		bug(packed, "M04", "goroutines of a batch share the loop's recipient", newSharedLoop),
		bug(plain, "M05", "a frame is queued in the sender's buffer, which the next frame overwrites", newReusedBuffer),
		bug(packed, "M06", "a pooled buffer goes back before the frame is written", newEarlyPut),
		bug(plain, "M07", "a failed write puts its buffer back twice, so that two frames share it", newDoublePut),
		bug(packed, "M08", "a pooled buffer keeps the length of the longest message it had", newLongTail),
		bug(plain, "M09", "one encoder for all, whose buffer is read after it was unlocked", newSharedEncoder),
		bug(packed, "M10", "frames are written in two pieces by whoever sends", newSplicing),
		bug(plain, "M11", "a pooled request is used by its goroutine after the handler gave it back", newPooledRequest),
		bug(packed, "M12", "user ids point into the handshake's buffer, which is used again", newAliasedID),
		bug(plain, "M13", "two clients that register at once copy the same table: one of them is lost", newLostUpdate),
		bug(packed, "M14", "a closing connection unregisters its user, who has a newer one", newWrongUnregister),
		bug(plain, "M15", "a user keeps the slot of a connection that is gone and that another got", newReusedSlot),
		bug(packed, "M16", "a user's devices are found by the beginning of their keys", newPrefixKey),
		bug(plain, "M17", "ids are compared in a normalised form", newFoldedID),
		bug(packed, "M18", "answers are cached by the request's id alone", newSharedCache),
		bug(plain, "M19", "a cancelled request leaves its answer on a shared back-end connection", newShiftedReplies),
		bug(packed, "M20", "whoever has the token resumes the session", newOpenResume),
		bug(plain, "M21", "an evicted user's context is used again with what waited in it", newBacklog),
		bug(packed, "M22", "a client that the second check refuses stays registered, and its place is given away", newHalfMade),
		bug(plain, "M23", "rights are looked at when a client connects and never again", newCachedRights),
		bug(packed, "M24", "clients are told apart by the device name that they give", newTrustedDevice),
		bug(plain, "M25", "a user's number is taken for a connection's number", newWrongNumber),
		withExpect(bug(packed, "M26", "one worker writes to all, and waits for the slowest", newOneWorker), "expect: {interference: 0}\n"),
		bug(plain, "M27", "pings carry what was sent last, whoever it was for", newChattyPing),
		bug(packed, "M28", "two nodes share their users' events by shard, and a shard's go to all who are in it", newWideSubscription),
	}
}

func withExpect(k kind, lines string) kind {
	k.config += lines
	return k
}
