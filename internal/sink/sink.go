// Package sink turns events into what people and programs outside see: log
// lines ([Log]) and runs of the user's action script ([Action]).
//
// Each sink has its own bounded queue, so that a slow script or a dead syslog
// never delays a monitor: Publish of a sink only puts the event into the queue,
// and Run, a job of its own, empties it. What does not fit is dropped, periodic
// results first, and the loss is logged with its count.
//
// What a sink says is made in three places that know nothing of each other's
// transport: lines.go (log texts), argv.go (the script's arguments) and
// fields.go (the same event by name).
package sink
