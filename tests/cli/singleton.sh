# SPDX-License-Identifier: MIT
# A process that nobody launched starts no daemon: seen while it waits for its input. Several
# at once do not meet. What the user chose stays.
mkfifo edges.txt
$HALO2VEC convert edges.txt -o graph.h5 >/dev/null 2>&1 &
process=$!
exec 3>edges.txt
cat /proc/$process/task/*/children
echo "1 2" >&3
exec 3>&-
wait $process
echo "converted: $?"
for i in 1 2 3 4 5 6 7 8; do
    $HALO2VEC embed graph.h5 -o $i.h5 --walks 1 --threads 1 -q 2>&1 &
done
wait
echo *.h5
OMPI_MCA_btl=none $HALO2VEC --version >/dev/null 2>&1 || echo "the user's choice was tried"
