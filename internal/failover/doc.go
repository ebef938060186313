// Package failover keeps the default route on an uplink that works.
//
// It is made of two parts. step (step.go) decides: a pure function from what is
// known and what was seen to what is known then and what is to be done. The
// loop (monitor.go) sees and does: it probes all uplinks in rounds, listens to
// the kernel, hands everything to step and carries out what step says. Every
// sequence of faults can so be written down as a text file and run in a
// microsecond; testdata holds those files, and they read like a manual.
package failover
