#!/bin/sh
# SPDX-License-Identifier: MIT
# rank.sh COMMAND...: run a rank, and note on its own host what it said and how it ended; from a
# host that is cut off nothing else comes through.
trap : TERM # the rank decides how it ends; this shell stays to note it
"$@" 2>>"$TMPDIR/stderr"
code=$?
echo $code >"$TMPDIR/exit"
exit $code
