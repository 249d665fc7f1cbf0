#!/usr/bin/env bash
# Makes .venv from uv.lock. Needs Python >= 3.11 and a network for packages; uv is taken from PATH or put into .cache/uv.
#   PYTHON  the interpreter to use; default: the first of python3.11 ... python3.14, python3 that is new enough
#   UV      the uv to use
# With the argument "uv" it prints where uv is, after making sure that it is there; with "python" which interpreter it
# chooses; with "run" it installs what operator and demo need, and leaves out the programs of developers.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly uv_requirement='uv>=0.9,<1'
readonly private_uv="$PWD/.cache/uv"

fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

is_usable() {
  "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

find_python() {
  local candidate
  if [ -n "${PYTHON:-}" ]; then
    is_usable "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.11 to 3.14: name another one, or leave PYTHON unset"
    printf '%s\n' "$PYTHON"
    return
  fi
  for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
    if is_usable "$candidate"; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  fail "Python 3.11 to 3.14 is needed, and none is on PATH (looked for python3.11 to python3.14, python3)." \
    "Install one, or say where it is: make PYTHON=/path/to/python3.11 setup"
}

find_uv() {
  local python
  if [ -n "${UV:-}" ]; then
    command -v "$UV" || fail "UV=$UV cannot be run: name another one, or leave UV unset"
    return
  fi
  if command -v uv; then
    return
  fi
  if [ ! -x "$private_uv/bin/uv" ]; then
    python=$(find_python)
    echo "no uv on PATH: installing $uv_requirement into .cache/uv" >&2
    rm -rf "$private_uv"
    # With --target pip makes no environment of its own, which takes longer than uv itself; a Python may lack pip.
    if ! "$python" -m pip --version >/dev/null 2>&1; then
      "$python" -m venv "$private_uv" >/dev/null 2>&1 &&
        "$private_uv/bin/python" -m pip install --quiet --disable-pip-version-check "$uv_requirement" >&2
    else
      "$python" -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$private_uv" \
        "$uv_requirement" >&2
    fi || {
      rm -rf "$private_uv"
      fail "could not install uv with $python: mend what it says above (Debian: apt install python3-venv), or install uv by hand"
    }
  fi
  printf '%s\n' "$private_uv/bin/uv"
}

if [ "${1:-}" = python ]; then
  find_python
  exit
fi
uv=$(find_uv)
if [ "${1:-}" = uv ]; then
  printf '%s\n' "$uv"
  exit
fi
python=$(find_python)
echo "setting up .venv with $("$python" --version)"
packages=(--all-extras)
if [ "${1:-}" = run ]; then
  packages+=(--no-dev --inexact)
fi
UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv "$uv" sync --locked "${packages[@]}" --quiet \
  --python "$("$python" -c 'import sys; print(sys.executable)')"
