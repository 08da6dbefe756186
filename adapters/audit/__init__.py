"""The audit chains outside the domain: heads are signed, handed out, verified, and exported for strangers."""
