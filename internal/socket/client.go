package socket

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/history"
	"github.com/ejgeiger/imon/internal/ledger"
	"github.com/ejgeiger/imon/internal/status"
)

const (
	answerLimit = 10 * time.Second // for an answer: other clients may be served first
	answerMost  = 4 << 20          // bytes of it
)

// Client asks the server of one instance.
type Client struct{ http http.Client }

// NewClient returns a client of the socket at path. Every error of its methods that
// comes from the socket wraps that of connect(2): [syscall.ENOENT] or
// [syscall.ECONNREFUSED] when no imon is there, [syscall.EACCES] when it may not be
// asked. What the instance refuses is a [Refusal].
func NewClient(path string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}
	return &Client{http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}, Timeout: answerLimit}}
}

// Refusal is why the instance does not do what it was asked for.
type Refusal string

// Error is the sentence of the instance.
func (r Refusal) Error() string { return string(r) }

// Status returns what is known of the monitor of that name, or of all when it is empty.
func (c *Client) Status(ctx context.Context, monitor string) (d status.Document, err error) {
	err = c.ask(ctx, http.MethodGet, "/status?monitor="+url.QueryEscape(monitor), "", &d)
	return d, err
}

// Failover prefers an uplink, or none, as [Instance].Failover does.
func (c *Client) Failover(ctx context.Context, to string, d time.Duration) (p status.Preference, err error) {
	form := "to=" + url.QueryEscape(to)
	if d > 0 {
		form += "&for=" + Period(d)
	}
	err = c.ask(ctx, http.MethodPost, "/failover", form, &p)
	return p, err
}

// History returns what is kept of the targets' answers.
func (c *Client) History(ctx context.Context, q history.Query) (d history.Document, err error) {
	path := "/history?monitor=" + url.QueryEscape(q.Monitor)
	if q.Resolution != "" {
		path += "&resolution=" + url.QueryEscape(q.Resolution)
	}
	if q.Since > 0 {
		path += "&since=" + Period(q.Since)
	}
	err = c.ask(ctx, http.MethodGet, path, "", &d)
	return d, err
}

// Outages returns the outages that are not longer ago than since, 0 for all.
func (c *Client) Outages(ctx context.Context, since time.Duration) (d ledger.Document, err error) {
	path := "/outages"
	if since > 0 {
		path += "?since=" + Period(since)
	}
	err = c.ask(ctx, http.MethodGet, path, "", &d)
	return d, err
}

// Events returns the transitions after number since that the instance remembers, oldest
// first, each an object in JSON, and the number of the last one.
func (c *Client) Events(ctx context.Context, since int64) (all []json.RawMessage, last int64, err error) {
	var list struct {
		Last   int64             `json:"last"`
		Events []json.RawMessage `json:"events"`
	}
	err = c.ask(ctx, http.MethodGet, fmt.Sprintf("/events?follow=no&since=%d", since), "", &list)
	return list.Events, list.Last, err
}

// Follow calls take with each transition after number since, as it happens, and with its
// number. It returns when ctx is done, with the error of take, or when the instance ends.
func (c *Client) Follow(ctx context.Context, since int64, take func(number int64, event []byte) error) error {
	answer, err := c.open(ctx, c.patient(), http.MethodGet, fmt.Sprintf("/events?since=%d", since), "")
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return read(answer, nil)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		if text, is := strings.CutPrefix(lines.Text(), "id: "); is {
			if since, err = strconv.ParseInt(text, 10, 64); err != nil {
				return fmt.Errorf("cannot understand the number %.40q of an event", text)
			}
		}
		if text, is := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); is {
			if err := take(since, text); err != nil {
				return err
			}
		}
	}
	return errors.Join(lines.Err(), io.EOF)
}

// patient is the client without a limit for an answer.
func (c *Client) patient() *http.Client {
	p := c.http
	p.Timeout = 0
	return &p
}

// ask puts one request and reads the answer into to.
func (c *Client) ask(ctx context.Context, method, path, form string, to any) error {
	answer, err := c.open(ctx, &c.http, method, path, form)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return read(answer, to)
}

// open puts one request and returns the answer, of which the body was not read yet.
func (c *Client) open(ctx context.Context, by *http.Client, method, path, form string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, "http://imon"+path, strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := by.Do(r)
	var outer *url.Error // it would say POST "http://imon/failover" to a person
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return answer, err
}

// read reads the answer into to.
func read(answer *http.Response, to any) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, answerMost))
	if err != nil {
		return fmt.Errorf("cannot read the answer: %w", err)
	}
	var refused failure
	if answer.StatusCode != http.StatusOK && json.Unmarshal(text, &refused) == nil {
		return Refusal(refused.Error)
	}
	if err := json.Unmarshal(text, to); err != nil {
		return fmt.Errorf("cannot understand the answer %.40q: %w", text, err)
	}
	return nil
}
