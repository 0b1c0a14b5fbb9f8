# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the scripts here share: where they are, what they install, how they call mpirun.
# To be sourced by bash.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cores=$(nproc)

# Open MPI refuses root unless told twice; other users need not hear of it.
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# shellcheck disable=SC2034 # used by those who source this
mpirun_flags="--oversubscribe --bind-to none"

say() { printf '%s\n' "$*"; }

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# show COMMAND...: print a command as one could type it in the checkout, then run it.
show() {
    say "\$ ${*//$root\//}"
    "$@"
}

# packages SECTION...: the names in these sections of packages.txt.
packages() {
    awk -v wanted=" $* " '
        /^#/ || NF == 0 { next }
        /^\[/ { gsub(/[][]/, ""); on = index(wanted, " " $0 " "); next }
        on { print $1 }' "$root/tools/packages.txt"
}

# install_packages SECTION...: with apt-get, only if something is missing.
install_packages() {
    local missing="" package
    command -v dpkg-query >/dev/null || fail "this is not a Debian system; install by hand what \
tools/packages.txt names"
    for package in $(packages "$@"); do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing="$missing $package"
    done
    if [ -z "$missing" ]; then
        say "Packages: all there."
        return
    fi

    local as_root=()
    if [ "$(id -u)" != 0 ]; then
        # Without a terminal sudo cannot ask for a password.
        if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
            as_root=(sudo)
        else
            fail "needs root or sudo for: apt-get install --no-install-recommends$missing"
        fi
    fi
    say "Packages: installing$missing"
    "${as_root[@]}" apt-get -q update || fail "apt-get update failed"
    # shellcheck disable=SC2086 # names are words
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install --yes \
        --no-install-recommends $missing || fail "apt-get install failed"
}

# build DIRECTORY CMAKE_ARGUMENT...: configure and build; fails as either does.
build() {
    local directory=$1
    shift
    cmake -S "$root" -B "$directory" "$@" &&
        cmake --build "$directory" --parallel "$cores"
}
