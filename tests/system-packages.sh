#!/bin/sh
# Install what pip cannot: with apt-get when root, else say in one line what is missing.
#     sh tests/system-packages.sh PYTHON site|test
# "site" is what a site needs to build the driver of MariaDB, "test" what the tests need too.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
python=$1 purpose=$2
missing=""

need() { # need PACKAGE COMMAND...: one of the commands shows that the package is there
    package=$1
    shift
    for command in "$@"; do
        if command -v "$command" >/dev/null; then return; fi
    done
    missing="$missing $package"
}

need gcc gcc cc
need pkg-config pkg-config pkgconf
need libmariadb-dev mariadb_config mysql_config
"$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ||
    missing="$missing python3-dev"
if [ "$purpose" = test ]; then
    need mariadb-server mariadbd
    need curl curl
    need bash bash
    need slapd slapd
    need luajit luajit
    need chromium chromium chromium-browser
    need nodejs node
    need npm npm
fi

if [ -z "$missing" ]; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "Please install these system packages (Debian's names):$missing" >&2
    exit 1
fi
echo "Installing system packages:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "apt-get could not install:$missing" >&2
    exit 1
fi
rm -f "$log"
