"""Charts of raw samples, as SVG in the page's own colours and font: no script, no request.

To add a kind of chart, write a function from the text of a CSV to a `Drawing`, in a module of this folder,
and add one line to KINDS in kinds.py.
"""
