#!/bin/sh
# Makes .venv with what constraints.txt locks and this package, editable. Does nothing when that is already so.
# The Makefile calls it; PYTHON=/path/to/python takes the place of the search for one.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd -P)
venv=.venv
stamp=$venv/.installed

say() { printf 'setup: %s\n' "$1"; }
die() { printf 'setup: %s\n' "$1" >&2; exit 1; }

bounds=$(sed -n 's/^requires-python = ">=3\.\([0-9]*\),<3\.\([0-9]*\)"$/\1 \2/p' pyproject.toml)
first=${bounds% *}
after=${bounds#* }
[ -n "$bounds" ] || die 'pyproject.toml: expected requires-python = ">=3.N,<3.M"'
last=$((after - 1))

# Prints the real path of a candidate, if it runs and can make environments. It has to be run to know: the shims of
# version managers are on PATH under names that they refuse to run.
usable() {
    "$1" -c "
import sys, sysconfig, venv, ensurepip
sys.exit(
    sys.implementation.name != 'cpython'
    or not (3, $first) <= sys.version_info[:2] < (3, $after)
    or bool(sysconfig.get_config_var('Py_GIL_DISABLED'))
    or print(sys.executable)
)" </dev/null 2>/dev/null
}

candidates() {
    minor=$first
    shims=$(dirname "$(command -v python3 || printf /nonexistent/python3)")
    while [ "$minor" -lt "$after" ]; do
        printf '%s\n' "python3.$minor"
        for versions in "${PYENV_ROOT:-/nonexistent}/versions" "${HOME:-/nonexistent}/.pyenv/versions" "$shims/../versions"; do
            for found in "$versions"/*/bin/python3."$minor"; do
                [ ! -x "$found" ] || printf '%s\n' "$found"
            done
        done
        minor=$((minor + 1))
    done
    printf '%s\n' python3 python
    UV_PYTHON_DOWNLOADS=never uv python find ">=3.$first,<3.$after" 2>/dev/null || true
}

find_python() {
    candidates | while read -r candidate; do
        if usable "$candidate"; then break; fi
    done
}

wanted() { printf '%s\n' "$root" && cksum pyproject.toml constraints.txt tools/setup.sh; }

prepare_venv() {
    if [ -e "$venv" ]; then
        # Scripts and links inside hold absolute paths: a copied or moved environment is of no use.
        home=$(sed -n 1p "$stamp" 2>/dev/null || true)
        if [ "${home:-$root}" = "$root" ] && usable "$venv/bin/python" >/dev/null; then return; fi
        [ -f "$venv/pyvenv.cfg" ] || rmdir "$venv" 2>/dev/null || die "$venv is no virtual environment; move it away"
        say "replacing $venv, which does not run here"
        rm -rf "$venv"
    fi
    if [ -n "${PYTHON:-}" ]; then
        python=$(usable "$PYTHON") || die "PYTHON=$PYTHON is no CPython 3.$first to 3.$last with venv and ensurepip"
    else
        python=$(find_python)
    fi
    [ -n "$python" ] || die "found no Python 3.$first to 3.$last; install one (with its venv module), or set PYTHON=/path/to/python"
    say "making $venv with $("$python" --version)"
    "$python" -m venv "$venv"
}

find_uv() {
    for uv in uv "$venv/bin/uv"; do
        if "$uv" --version >/dev/null 2>&1; then printf '%s\n' "$uv" && return; fi
    done
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check uv >/dev/null 2>&1 || true
    if "$venv/bin/uv" --version >/dev/null 2>&1; then printf '%s\n' "$venv/bin/uv"; fi
}

install_with_uv() {
    say 'installing the locked packages with uv (up to a minute)'
    UV_SYSTEM_CERTS=${UV_SYSTEM_CERTS:-true} UV_HTTP_TIMEOUT=${UV_HTTP_TIMEOUT:-180} "$1" pip install --quiet --python "$venv/bin/python" \
        --constraint constraints.txt --group dev --editable .
}

install_with_pip() {
    say 'installing the locked packages with pip (a few minutes)'
    "$venv/bin/python" -m ensurepip --upgrade >/dev/null 2>&1 || true
    "$venv/bin/python" -m pip install --quiet --upgrade 'pip>=25.1' &&
        "$venv/bin/python" -m pip install --quiet --constraint constraints.txt --group dev --editable .
}

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(wanted)" ] && usable "$venv/bin/python" >/dev/null; then exit 0; fi
prepare_venv
rm -f "$stamp"
uv=$(find_uv)
if [ -n "$uv" ]; then
    install_with_uv "$uv" </dev/null || install_with_pip </dev/null || die 'could not install; the messages above say why'
else
    install_with_pip </dev/null || die 'could not install; the messages above say why'
fi
# Whoever has PYTHONDONTWRITEBYTECODE set would compile all of them again in every process: seven seconds each.
env -u PYTHONDONTWRITEBYTECODE "$venv/bin/python" -c 'import reappraise.analysis, matplotlib.backends.backend_agg, netCDF4, pytest' >/dev/null 2>&1 || true
wanted >"$stamp.part"
mv "$stamp.part" "$stamp"
say 'ready'
