"""Events to those who follow them: one reading for the whole process, then one answer for each who may see."""
