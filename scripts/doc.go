// Package scripts holds no code: it is how imon is built, packed and tried, and
// the tests of that.
package scripts
