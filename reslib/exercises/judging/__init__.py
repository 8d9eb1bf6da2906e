"""What the judges of several notebooks share."""
