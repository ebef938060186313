package socket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/ejgeiger/imon/internal/status"
)

const (
	answerLimit = 10 * time.Second // for an answer: other clients may be served first
	answerMost  = 1 << 20          // bytes of it
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

// ask puts one request and reads the answer into to.
func (c *Client) ask(ctx context.Context, method, path, form string, to any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://imon"+path, strings.NewReader(form))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := c.http.Do(r)
	if err != nil {
		var outer *url.Error // it would say POST "http://imon/failover" to a person
		if errors.As(err, &outer) {
			err = outer.Err
		}
		return err
	}
	defer answer.Body.Close()
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
