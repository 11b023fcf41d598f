package driver

// Original lets tests see what facts are known about.
var Original = (*Program).original
