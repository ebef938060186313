package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/socket"
)

// again is how long imon events -f waits for an imon that has ended.
const again = time.Second

// askEvents prints what has happened, and with -f what happens.
func askEvents(ctx context.Context, o options, e env) int {
	if _, err := config.Path(o.instance); err != nil {
		return refuse(e, nil, err)
	}
	path := e.socket(o.instance)
	client := socket.NewClient(path)
	all, last, err := client.Events(ctx, 0)
	if err != nil {
		return refuse(e, nil, errors.New(unreached(o, path, err)))
	}
	for _, text := range all {
		err = errors.Join(err, o.tell(e.stdout, text))
	}
	if !o.follow || err != nil {
		return exitOK
	}
	return e.followEvents(ctx, o, client, last)
}

// followEvents prints each event after number last. An imon that ends is waited for.
func (e env) followEvents(ctx context.Context, o options, client *socket.Client, last int64) int {
	var deaf error // standard output does not take it
	for said := false; ; {
		err := client.Follow(ctx, last, func(number int64, event []byte) error {
			last, said = number, false
			deaf = o.tell(e.stdout, event)
			return deaf
		})
		gone := errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ECONNRESET)
		switch {
		case ctx.Err() != nil, deaf != nil:
			return exitOK
		case !gone:
			return refuse(e, nil, errors.New(unreached(o, e.socket(o.instance), err)))
		case !said:
			fmt.Fprintf(e.stderr, "%% imon has ended as instance '%s'; waiting for it\n", o.instance)
			said = true
		}
		select {
		case <-ctx.Done():
			return exitOK
		case <-time.After(again):
		}
	}
}

// tell prints one event: when and what the log says of it, or all that is known.
func (o options) tell(to io.Writer, event []byte) (err error) {
	if o.json {
		_, err = fmt.Fprintf(to, "%s\n", event)
		return err
	}
	var e struct {
		Time time.Time `json:"time"`
		Text string    `json:"text"`
	}
	if err := json.Unmarshal(event, &e); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%s  %s\n", e.Time.Local().Format(time.DateTime), e.Text)
	return err
}
