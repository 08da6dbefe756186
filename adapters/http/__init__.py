"""The HTTP edge: what a request must look like before ours runs, and the shape of refusals."""
