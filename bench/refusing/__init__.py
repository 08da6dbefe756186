"""What is sent at a server that must refuse it, and who sends it."""
