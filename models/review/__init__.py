"""What it is worth to ask a person: one measure for every question that is put to reviewers."""
