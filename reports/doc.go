// Package reports turns saved results into what people and other programs read.
// The saved forms are the protocol: [result.Result] (wsmig.result/v1),
// [findings.Result] (wsmig.lint/v1) and [ledger.Ledger] (wsmig.ledger/v1). Every
// format is a pure function of one of them, so a file can be rendered again in
// any other format at any time, and two renderings of one file are equal to the
// byte.
//
// Renderers write to the writer they are given and to nothing else. They never
// print, exit, start goroutines or touch the network, don't change their input,
// and may run concurrently on the same input as long as nobody changes it.
// Everything that came from a tested server or from analysed source is hostile
// input and escaped for the format at hand.
//
// No number is judged that the data can't carry: a difference between two
// servers or two runs is called better or worse only when it is not explained by
// chance or by the noise of a machine, and "no evidence" otherwise.
package reports
