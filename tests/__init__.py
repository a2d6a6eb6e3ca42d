"""The proof of the house: one folder per package, and the families that cross them."""
