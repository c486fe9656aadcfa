"""`lab audit`: read a report that somebody handed in, and say what the evidence beside it holds of it.

`model` has the results, `rules` says what each verdict means. `quotes` judges the blocks that a report
quotes, `values` the numbers and names in its text, `oddities` the evidence itself. `inputs` reads reports and
evidence from files, folders and git. All input is a stranger's: it is read, and never run.
"""
