module loadgate.dev/tests/cluster/fetch

go 1.26.0
