"""Who asks and who is meant: tokens, sealed fields, identifiers and invented persons for demonstrations."""
