#!/bin/sh
# SPDX-License-Identifier: MIT
# agent.sh ADDRESS COMMAND...: what ssh is elsewhere. Runs the command on the host with this
# address: in its network namespace, under its own host name and with its own directory for
# temporary files; else Open MPI takes all hosts for one. hosts.py sets the two variables.
number=${1##*.}
shift
TMPDIR=$H2V_HOSTS_WORK/h$number
export TMPDIR
exec ip netns exec "$H2V_HOSTS_NAME-$number" unshare --uts \
    sh -c "hostname h$number; exec $*"
