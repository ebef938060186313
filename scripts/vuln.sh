#!/bin/sh
# vuln.sh  looks for known advisories in what imon and its tests are built of, Go
# included. Without a way to vuln.go.dev: VULNDB=DIRECTORY, the directory data/osv of
# a copy of github.com/golang/vulndb.
set -eu
cd "$(dirname "$0")/.."
exec go run golang.org/x/vuln/cmd/govulncheck@v1.9.0 ${VULNDB:+-db "file://$(realpath "$VULNDB")"} -test ./...
