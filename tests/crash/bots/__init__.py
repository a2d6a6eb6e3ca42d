"""Clients of a venue with both kinds of market: a market maker, bots, and what they must see."""
