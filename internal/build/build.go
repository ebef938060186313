// Package build says which imon this is.
package build

// Version is the bare version, such as "3.0.0". The linker replaces it:
// -ldflags "-X github.com/ejgeiger/imon/internal/build.Version=3.1.0".
var Version = "3.0.0"
