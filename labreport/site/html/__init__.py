"""HTML of what macros show, from the templates in labreport/site/templates.

Evidence, records and hosts are hostile: the templates escape every value. `Markup` marks HTML made here.
"""
