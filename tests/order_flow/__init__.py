"""Recorded order flow of an exchange, replayed through an order-driven market."""
