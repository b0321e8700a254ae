# What the scripts here share: where things are, what they say, what they make sure of.
# shellcheck shell=bash

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
TOOLS="$ROOT/.tools"
export PATH="$TOOLS/bin:$PATH"

# Says what happens now; results go to standard output, this does not.
say() { printf '==> %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Whether packages can be installed: Debian or Ubuntu, as root.
can_apt() {
    [ "$(id -u)" = 0 ] && has apt-get && grep -qE '^(ID|ID_LIKE)=.*(debian|ubuntu)' /etc/os-release 2>/dev/null
}

# apt_packages PACKAGE…: installs them.
apt_packages() {
    say "installing $* (apt-get)"
    if [ -z "${APT_UPDATED:-}" ]; then
        apt-get update -qq >&2
        APT_UPDATED=1
    fi
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# need COMMAND PACKAGE…: makes sure of a command that the system's packages bring.
need() {
    local command="$1"
    shift
    if has "$command"; then return; fi
    can_apt || fail "the command '$command' is missing. Install it: on Debian or Ubuntu with 'sudo apt-get install $*', elsewhere with the packages of the same purpose."
    apt_packages "$@"
}

# Finds cargo where rustup puts it, and rustup's toolchains beside it, also when HOME is another.
find_rust() {
    if ! has cargo; then
        local home
        home="$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)"
        for bin in "${CARGO_HOME:-}/bin" "${HOME:-}/.cargo/bin" "$home/.cargo/bin"; do
            if [ -x "$bin/cargo" ]; then PATH="$PATH:$bin"; fi
        done
    fi
    has cargo || fail "cargo is not on PATH. Install Rust with rustup (https://rustup.rs), or add its folder to PATH: export PATH=\"\$HOME/.cargo/bin:\$PATH\""
    local beside
    beside="$(dirname "$(dirname "$(dirname "$(command -v cargo)")")")/.rustup"
    if [ -z "${RUSTUP_HOME:-}" ] && [ ! -d "${HOME:-}/.rustup/toolchains" ] && [ -d "$beside/toolchains" ]; then
        export RUSTUP_HOME="$beside"
    fi
}

# Trunk takes NO_COLOR=1 for a wrong value of its own option. The page that it builds names no folder
# of this machine; Cargo adds these flags to those of .cargo/config.toml.
run_trunk() {
    local cargo="${CARGO_HOME:-$HOME/.cargo}" flags=()
    case "$cargo$ROOT" in
        *" "*) ;;
        *) flags=(CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS="--remap-path-prefix=$cargo=cargo --remap-path-prefix=$ROOT=.") ;;
    esac
    env -u NO_COLOR "${flags[@]}" TRUNK_SKIP_VERSION_CHECK=true trunk "$@"
}
