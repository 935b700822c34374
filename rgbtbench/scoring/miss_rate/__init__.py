"""Log-average miss rate (MR^-2): the metric of pedestrian benchmarks such as KAIST and CVC-14."""
