"""What moved a prediction, and the rows of mixed origin that are asked to find it out."""
