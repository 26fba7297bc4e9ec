"""The parts of the supervisor: what is to run, when to try again, one process, one group, one log."""
