"""The journey: a donor's money and a worker's cover go from Indonesia to Malaysia, played through the API alone."""
