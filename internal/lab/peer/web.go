package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"slices"
	"time"
)

// patience is for one request from its first byte to the last of the reply: an
// emulated processor needs seconds for a TLS handshake.
const patience = 30 * time.Second

// listen opens the port of a web server.
func listen(at string, secure bool, o options) (net.Listener, error) {
	listener, err := net.Listen("tcp", at)
	if err != nil || !secure {
		return listener, err
	}
	certificate, err := certify(slices.Sorted(maps.Keys(o.names)), o.ca)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{certificate}}), nil
}

// certify makes a P-256 certificate for names, signed by itself, and writes it
// to file as PEM. It is valid since 1970: some boards start without a clock.
func certify(names []string, file string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer"}, DNSNames: names,
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, os.WriteFile(file, text, 0o644)
}

// serveWeb answers requests until listener is closed.
func serveWeb(listener net.Listener, file string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go reply(conn, file)
	}
}

// reply reads one request up to its empty line, whatever it asks for, and shows
// file as it is at this moment (HTTP/1.1, RFC 9112); 404 when it cannot be read.
func reply(conn net.Conn, file string) {
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	lines := bufio.NewScanner(conn)
	for lines.Scan() && lines.Text() != "" {
	}
	if lines.Err() != nil {
		return
	}
	status := "200 OK"
	body, err := os.ReadFile(file)
	if err != nil {
		status = "404 Not Found"
	}
	fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(body), body)
}
