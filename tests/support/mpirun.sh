#!/bin/bash
# SPDX-License-Identifier: MIT
# mpirun.sh RANKS PROGRAM [ARGUMENT...]: run under mpirun on any machine, as any user, and
# keep mpirun's own remarks out of standard error: framed ones about exit codes, and those of
# its event loop about pipes that were closed while it was busy.
set -u
ranks=$1
shift
if [ "$(id -u)" = 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
# A rank that waits lets others run: tests share the cores, and waiting must not slow the work.
export OMPI_MCA_mpi_yield_when_idle=1
# After a rank has failed mpirun grants the others a second, which tests of failures need not pay.
export OMPI_MCA_odls_base_sigkill_timeout=0
without_remarks() {
    awk '/^--------------------*$/ { framed = !framed; next }
        /^\[warn\] Epoll / { next }
        !framed { print; fflush() }'
}
{
    "${MPIEXEC:-mpirun}" --oversubscribe --bind-to none -n "$ranks" "$@" 2>&1 1>&3 3>&- |
        without_remarks >&2 3>&-
    code=${PIPESTATUS[0]}
} 3>&1
exit "$code"
