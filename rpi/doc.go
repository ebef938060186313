// Package rpi holds no code: it is the Debian package of imon for Raspberry Pi OS
// and other Debians (nfpm.yaml, the unit, maintainer scripts, man pages), and its
// tests. The package is built by scripts/deb.sh.
package rpi
