"""Learners that notice change: each sees one number, vector or label at a time and says when it is no longer the same.

``adaptive`` a mean (River's ADWIN), ``floor`` a mean that sank below a bound, ``wording`` a mean vector, ``mix`` a
distribution of labels, ``season`` and ``volume`` counts against hour and weekday, ``family`` a group that came all at
once. All are pure, fed in the order of the records, and write themselves down so that what is read back goes on alike.
"""
