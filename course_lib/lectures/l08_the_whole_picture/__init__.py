"""08 The whole picture: all families on one bench, and the capstone."""
