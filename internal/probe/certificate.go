package probe

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// tlsError makes a short clause of the reasons why a certificate does not do, and
// returns other errors as they are. It is ErrLocal when the fault is this machine's.
func (h *HTTP) tlsError(err error, host string) error {
	var failed *tls.CertificateVerificationError
	if !errors.As(err, &failed) || len(failed.UnverifiedCertificates) == 0 {
		return err
	}
	var (
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		invalid x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &unknown) && h.rootless():
		return local(errors.New("there are no root certificates on this machine"))
	case errors.As(err, &unknown):
		return errors.New("certificate signed by an unknown authority: a captive portal?")
	case errors.As(err, &name):
		return fmt.Errorf("certificate is not for %s: a captive portal?", name.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return h.untimely(invalid.Cert, failed.UnverifiedCertificates, host)
	}
	return fmt.Errorf("certificate: %w", failed.Err)
}

// rootless reports whether this machine trusts nobody: the package with the root
// certificates is missing.
func (h *HTTP) rootless() bool {
	if h.roots != nil {
		return false
	}
	roots, err := x509.SystemCertPool()
	return err != nil || roots.Equal(x509.NewCertPool())
}

// untimely says why bad, a certificate of the chain, is not valid now. If it is not
// valid yet, and the whole chain is good when it is, the clock of this machine is
// behind: routers boot without one. That says nothing about the network.
func (h *HTTP) untimely(bad *x509.Certificate, chain []*x509.Certificate, host string) error {
	now := time.Now()
	if !now.Before(bad.NotBefore) {
		return fmt.Errorf("certificate expired on %s; the clock here says %s", day(bad.NotAfter), day(now))
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		DNSName: host, Roots: h.roots, Intermediates: between, CurrentTime: bad.NotBefore,
	})
	reason := fmt.Errorf("certificate is not valid before %s; the clock here says %s", day(bad.NotBefore), day(now))
	if err != nil {
		return reason
	}
	return local(reason)
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
