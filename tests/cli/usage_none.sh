# ranks: 1 3
$HALO2VEC
