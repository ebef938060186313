package update

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/ejgeiger/imon/internal/config"
	"github.com/ejgeiger/imon/internal/probe"
)

// shortestToken is how many characters a part of a URL has that may be a token.
const shortestToken = 12

// webServer takes addresses by HTTP: a provider that speaks the dyndns2 protocol
// (help.dyn.com/remote-access-api), or any that can be told by one GET.
type webServer struct {
	config.Delivery
	network Network
}

func (w *webServer) where() string {
	if u, err := url.Parse(w.fill(parcel{}, "")); err == nil && u.Host != "" {
		return u.Host
	}
	return "the provider"
}

// carry tells the provider of the addresses.
func (w *webServer) carry(ctx context.Context, p parcel) error {
	password, err := w.network.secret(w.Password, w.PasswordFile)
	if err != nil {
		return err
	}
	page, err := w.network.Web.Fetch(ctx, w.address(p, password), w.login(password), p.path)
	secrets := w.secrets(password)
	if err == nil {
		page.Body = mask(page.Body, secrets)
		err = verdict(page, w.Method == config.UpdateDynDNS2)
	}
	return masked(err, secrets)
}

// secrets are the texts by which a provider knows who it is: the password in all ways
// in which it is sent, and what in a URL is long enough for a token.
func (w *webServer) secrets(password string) []string {
	all := []string{password, url.QueryEscape(password), escape(password), base64.StdEncoding.EncodeToString([]byte(w.Username + ":" + password))}
	_, rest, _ := strings.Cut(w.Server, "://")
	_, path, _ := strings.Cut(rest, "/")
	for _, part := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/?&=#;", r) }) {
		if len(part) >= shortestToken && !strings.Contains(part, "{") {
			all = append(all, part)
		}
	}
	return all
}

// login is for basic authentication, unless the URL has the login already.
func (w *webServer) login(password string) probe.Login {
	if strings.Contains(w.Server, "{password}") {
		return probe.Login{}
	}
	return probe.Login{User: w.Username, Password: password}
}

// address is the URL that tells of p. One for dyndns2 that has no placeholder gets
// the path and the parameters that the protocol wants.
func (w *webServer) address(p parcel, password string) string {
	if w.Method == config.UpdateURL || strings.Contains(w.Server, "{ip") || strings.Contains(w.Server, "{hostname}") {
		return w.fill(p, password)
	}
	base, query, _ := strings.Cut(w.fill(p, password), "?")
	if u, err := url.Parse(base); err == nil && strings.Trim(u.Path, "/") == "" {
		base = strings.TrimSuffix(base, "/") + "/nic/update"
	}
	var addresses []string
	for _, a := range p.addresses {
		addresses = append(addresses, a.String())
	}
	own := "hostname=" + escape(p.host) + "&myip=" + strings.Join(addresses, ",")
	return base + "?" + strings.TrimPrefix(query+"&"+own, "&")
}

// fill replaces the placeholders of the URL. An address that is not known is empty.
func (w *webServer) fill(p parcel, password string) string {
	return strings.NewReplacer(
		"{ip}", text(p.of(true)), "{ip6}", text(p.of(false)), "{hostname}", escape(p.host),
		"{username}", escape(w.Username), "{password}", escape(password),
	).Replace(w.Server)
}

// takes reports whether an address of that family gets to the provider at all.
func (w *webServer) takes(a netip.Addr) bool {
	v4, v6 := strings.Contains(w.Server, "{ip}"), strings.Contains(w.Server, "{ip6}")
	if w.Method == config.UpdateDynDNS2 && !v4 && !v6 {
		return true
	}
	return a.Is4() && v4 || a.Is6() && v6 || !v4 && !v6 // the provider sees for itself
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// escape is s as a part of a URL's path or query. A blank is %20, which holds in both.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// mask is text without any of the secrets.
func mask(text string, secrets []string) string {
	for _, s := range secrets {
		if s != "" {
			text = strings.ReplaceAll(text, s, "***")
		}
	}
	return text
}

// masked is err without any of the secrets in its text.
func masked(err error, secrets []string) error {
	if err == nil {
		return nil
	}
	clean := mask(err.Error(), secrets)
	if clean == err.Error() {
		return err
	}
	if r, ok := err.(*refusal); ok {
		return &refusal{clean, r.hold}
	}
	return fmt.Errorf("%s", cmp.Or(clean, "it failed"))
}
