package compat

// DeprecatedNames are the methods that are counted.
var DeprecatedNames = deprecatedNames
