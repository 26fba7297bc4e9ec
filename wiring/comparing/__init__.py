"""What another run of the same journal would change: pure folds over records, wherever those lie."""
