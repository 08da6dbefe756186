"""The law, the money and the records of Lingkar: pure functions and frozen records, standard library only."""
