#!/bin/sh
# Install what requirements.lock pins, and of it only what is asked for, into the environment of the Python named.
#
# In:   EXTRAS, TORCH_INDEX, TORCH_SHA256 (see the Dockerfile); requirements.lock and pyproject.toml in this folder.
# With --require-hashes uv refuses every package whose version or digest the lock does not hold, so the lock stays one
# file for all extras, and what is left out of an image is simply not asked for.
set -eu
python=$1
cpu=$(mktemp)

set --
for extra in ${EXTRAS:-}; do
  set -- "$@" --extra "$extra"
done

case " ${EXTRAS:-} " in *" models "*)
  if [ -n "${TORCH_INDEX:-}" ]; then
    : "${TORCH_SHA256:?is the digest of the wheel that TORCH_INDEX offers; the lock holds those of the other build}"
    pinned=$(sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements.lock)
    echo "$pinned+cpu --hash=sha256:$TORCH_SHA256" > "$cpu"
    uv pip install --python "$python" --no-build --require-hashes --no-deps --index-url "$TORCH_INDEX" -r "$cpu"
  fi
esac

uv pip install --python "$python" --no-build --require-hashes --constraint requirements.lock \
  -r pyproject.toml -r "$cpu" "$@"
rm "$cpu"
