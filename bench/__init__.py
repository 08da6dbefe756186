"""Side-by-side measurements: each runs its reference in the same rounds and checks that both did the same."""
