"""`lab check`: what a build cannot see. Numbers bound to no evidence, unused evidence, unmet requirements.

To add a check, write a module with a function that takes a `labreport.check.lab.LabPages` and yields a
`labreport.check.finding.Finding` for each defect, and add the function to `LAB_CHECKS` in
`labreport/check/project.py`. Order, ids, waivers, `--json` and `--annotations` need no further code. A check
of the whole project takes a `labreport.check.project.ProjectPages` and goes into `PROJECT_CHECKS`.

`check/diff` compares two states of the evidence, for `lab diff`.
"""
