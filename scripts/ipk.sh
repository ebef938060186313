#!/bin/sh
# ipk.sh LABEL [VERSION [BINARY]]  builds $DIST/imon_VERSION-r1_LABEL.ipk for one
# of OpenWrt's architecture labels (openwrt/labels); DIST is "dist" when not set.
# The same commit gives the same bytes. With BINARY, that file is packed and
# nothing is compiled.
#
# An ipk is a gzipped tar of ./debian-binary, ./data.tar.gz and ./control.tar.gz, as
# OpenWrt's scripts/ipkg-build makes it. Installed-Size counts bytes: opkg compares
# it with the free space of the flash.
set -eu
cd "$(dirname "$0")/.."
label=${1:?which label? See openwrt/labels} version=${2:-$(scripts/version.sh)} binary=${3:-}
package=imon_$version-r1_$label

target=$(awk -v label="$label" '$1 == label { print $2 }' openwrt/labels)
[ -n "$target" ] || { echo "ipk.sh: no label '$label' in openwrt/labels" >&2; exit 1; }
case $version in
	[!0-9]* | *[!0-9A-Za-z.+~]*) echo "ipk.sh: '$version' is no version of an OpenWrt package" >&2; exit 1 ;;
esac
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}

dist=${DIST:-dist}
mkdir -p "$dist"
work=$(mktemp -d "$dist/ipk.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

if [ -z "$binary" ]; then
	binary=$work/imon
	scripts/build.sh "$target" "$binary" "$version"
fi

data=$work/data control=$work/control
install -D -m 755 "$binary" "$data/usr/bin/imon"
ln -s imon "$data/usr/bin/imon-configure"
install -D -m 755 openwrt/files/imon.init "$data/etc/init.d/imon"
install -D -m 600 openwrt/files/imon.config "$data/etc/config/imon"
install -D -m 755 rpi/imon-action.sample "$data/usr/share/imon/imon-action.sample"
install -D -m 644 openwrt/files/imon.acl.json "$data/usr/share/rpcd/acl.d/imon.json"
install -D -m 644 openwrt/files/imon.capabilities.json "$data/etc/capabilities/imon.json"
install -D -m 644 openwrt/files/imon.keep "$data/lib/upgrade/keep.d/imon"
install -D -m 755 openwrt/files/imon.postinst "$control/postinst"
install -D -m 755 openwrt/files/imon.prerm "$control/prerm"
echo /etc/config/imon >"$control/conffiles"
find "$work" -type d -exec chmod 755 {} +

# pack DIRECTORY NAME... prints the names below it as a gzipped tar.
pack() {
	directory=$1
	shift
	tar --format=gnu --numeric-owner --owner=0 --group=0 --sort=name --mtime="@$epoch" \
		-C "$directory" -cf - "$@" | gzip -9n
}

pack "$data" . >"$work/data.tar.gz"
cat >"$control/control" <<END
Package: imon
Version: $version-r1
Depends: ca-bundle
Source: feeds/packages/net/imon
SourceName: imon
License: MIT
Section: net
SourceDateEpoch: $epoch
URL: https://github.com/ejgeiger/imon
Maintainer: E. J. Geiger
Architecture: $label
Installed-Size: $(gzip -cd "$work/data.tar.gz" | wc -c | tr -d ' ')
Description:  imon watches the way to the internet and keeps it open: failover between two
 uplinks, outages of a host, round-trip times, changes of the external address.
END
chmod 644 "$control/control" "$control/conffiles"
pack "$control" . >"$work/control.tar.gz"
echo 2.0 >"$work/debian-binary"
chmod 644 "$work/debian-binary" "$work"/*.tar.gz
pack "$work" ./debian-binary ./data.tar.gz ./control.tar.gz >"$work/ipk"
mv "$work/ipk" "$dist/$package.ipk"
echo "$dist/$package.ipk"
