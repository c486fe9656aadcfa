"""Tables as values, free of any markup: the site and the export render them. One module for each subject."""
