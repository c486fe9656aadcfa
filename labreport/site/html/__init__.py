"""HTML of what the macros show. Evidence, records and hosts are hostile: all of theirs is escaped here."""
