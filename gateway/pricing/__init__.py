"""How a market comes by its prices: feeds, marks, samples of the premium."""
