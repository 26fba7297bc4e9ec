"""What each stage asks of the world, opened: models, policies, stores. One module a stage, so that a process that runs
one stage loads no other's libraries."""
