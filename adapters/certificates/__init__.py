"""The bodies of a certificate of coverage, how each is made, and how each is read and believed."""
